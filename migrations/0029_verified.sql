-- Whether a customer was shown to receive what is sent to their e-mail address, and to their phone. Nobody was until somebody says so.
-- The default stands in the catalogue and fills what there is (PostgreSQL documentation, ALTER TABLE, "Notes"), so no row is written.
-- Lock: all of `customers` for milliseconds, whatever its size.

ALTER TABLE customers
  ADD COLUMN email_verified boolean NOT NULL DEFAULT false,
  ADD COLUMN phone_verified boolean NOT NULL DEFAULT false;
