-- The events of a bulk change, by customer. It holds none of those that there are.
-- Lock: writes of events wait while the table is read once; reads go on.
CREATE INDEX events_bulk ON events (organization_id, bulk_id, customer_id, id) WHERE bulk_id IS NOT NULL;
