-- Payments that a payment provider tells of, beside those that an order's own source tells of, and those that wait for their order.
-- Lock: order_payments for as long as its rows are read once (a second for a million); orders for writing while the index is built.

ALTER TABLE order_payments
  DROP CONSTRAINT order_payments_kind_check,
  ADD CONSTRAINT order_payments_kind_check CHECK (kind IN ('sale', 'authorization', 'capture', 'void', 'refund', 'chargeback')),
  -- The payment provider that says so; null: the order's own source.
  ADD COLUMN told_by text CHECK (told_by ~ '^[a-z][a-z0-9_]{0,39}$'),
  -- The payment provider's id of it, whoever tells of it: by it two that tell of the same attempt are known.
  ADD COLUMN reference text,
  ADD COLUMN is_test boolean NOT NULL DEFAULT false;

-- By which a payment provider's reference finds its order; the number has an index already.
CREATE INDEX orders_external_id ON orders (organization_id, external_id) WHERE is_known AND deleted_at IS NULL;

-- Payments of which the order is not known yet. What they are stands in provider_entities.
CREATE TABLE waiting_payments (
  organization_id uuid NOT NULL,
  told_by text NOT NULL CHECK (told_by ~ '^[a-z][a-z0-9_]{0,39}$'),
  payment_id text NOT NULL CHECK (payment_id <> '' AND length(payment_id) <= 200),
  -- An id or a number of the order, as a number is found: lower case, without `#` in front.
  reference_key text COLLATE "C" NOT NULL,
  -- The same as it was told, as an id is found.
  reference text NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (organization_id, told_by, payment_id, reference_key)
);
ALTER TABLE waiting_payments ADD CONSTRAINT waiting_payments_organization FOREIGN KEY (organization_id) REFERENCES organizations ON DELETE CASCADE;
CREATE INDEX waiting_payments_reference ON waiting_payments (organization_id, reference_key);
CALL protect_tenant_table('waiting_payments');
