-- Events say which bulk change they belong to, so that it can be taken back.
-- Lock: writes of events wait while the index is built, about a second for ten million events, of which it holds none yet.
ALTER TABLE events ADD COLUMN bulk_id uuid;
CREATE INDEX events_bulk ON events (organization_id, bulk_id, customer_id, id) WHERE bulk_id IS NOT NULL;
