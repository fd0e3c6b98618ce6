-- Lock: none that stops reads or writes.
-- What is created and changed in one transaction was created by the server's clock and changed by the transaction's
-- begin, which is a little earlier. Time does not go backwards in a row.
CREATE OR REPLACE FUNCTION stamp_updated() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  NEW.updated_at := greatest(now(), OLD.updated_at);
  NEW.version := OLD.version + 1;
  RETURN NEW;
END $$;
