-- What the list of connections counts by, which payments a refund was made by, and in which orders a product stands.
-- Lock: SHARE on webhook_events while the index is built, some seconds at a million messages (deliveries wait and are stored
-- afterwards), and on order_lines likewise; ACCESS EXCLUSIVE on order_refunds for milliseconds.

CREATE INDEX webhook_events_connection_state ON webhook_events (organization_id, connection_id, state, id);
ALTER TABLE order_refunds ADD COLUMN payments text[] NOT NULL DEFAULT '{}';
CREATE INDEX order_lines_product_order ON order_lines (organization_id, product_external_id, order_id) WHERE product_external_id IS NOT NULL;
DROP INDEX order_lines_product;
