-- A link to another system can be changed (how far both agree), so it has a version like everything that can.
-- Lock: customer_sources exclusively for milliseconds; constant defaults are not written into the rows.

ALTER TABLE customer_sources ADD COLUMN version integer NOT NULL DEFAULT 1,
  ADD COLUMN updated_at timestamptz NOT NULL DEFAULT now();
CREATE TRIGGER stamp BEFORE UPDATE ON customer_sources FOR EACH ROW EXECUTE FUNCTION stamp_updated();
