-- Each order and each message is written once or twice, into every index of its table: what two serve, one does.
-- Lock: SHARE on orders and webhook_events while the indexes are built, some seconds at a million rows (what comes in waits and is
-- stored afterwards); nobody reads for the moment in which the old ones go.

-- An id is looked for with its source and without.
CREATE UNIQUE INDEX orders_external_key ON orders (organization_id, external_id, source);
-- Looked for by state is what is not done, which is little of all that came; what is done is most of any list.
CREATE INDEX webhook_events_open ON webhook_events (organization_id, state, id, connection_id) WHERE state <> 'done';
-- Counted for each connection is what waits and what failed, however much waits for another.
CREATE INDEX webhook_events_waiting ON webhook_events (organization_id, connection_id, state, id) WHERE state IN ('queued', 'dead');

DROP INDEX orders_external;
DROP INDEX orders_external_id;
DROP INDEX webhook_events_state;
DROP INDEX webhook_events_connection_state;
