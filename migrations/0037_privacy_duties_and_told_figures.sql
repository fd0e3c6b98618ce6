-- What the organization owes people who asked for their data or for their erasure.
-- Lock: new objects only; customers for milliseconds while the foreign key is added. Time: milliseconds.

CREATE TABLE privacy_duties (
  organization_id uuid NOT NULL,
  -- Rises with the time of arrival.
  id uuid NOT NULL,
  kind text NOT NULL CHECK (kind IN ('access', 'erasure', 'shop_erasure')),
  -- The system that asked, and its id of the request.
  source text NOT NULL CHECK (source ~ '^[a-z][a-z0-9_]{0,39}$'),
  reference text NOT NULL CHECK (reference <> '' AND length(reference) <= 200),
  -- Whom it is about, if they are known here.
  customer_id uuid,
  -- Whom it is about in the words of who asked: {external_id, email, phone, orders}.
  subject jsonb NOT NULL DEFAULT '{}',
  state text NOT NULL DEFAULT 'open' CHECK (state IN ('open', 'done')),
  received_at timestamptz NOT NULL,
  due_at timestamptz NOT NULL,
  done_at timestamptz,
  done_by_kind text,
  done_by_id uuid,
  note text,
  PRIMARY KEY (organization_id, id),
  CHECK ((state = 'done') = (done_at IS NOT NULL))
);
ALTER TABLE privacy_duties ADD CONSTRAINT privacy_duties_organization FOREIGN KEY (organization_id) REFERENCES organizations ON DELETE CASCADE;
ALTER TABLE privacy_duties ADD CONSTRAINT privacy_duties_customer FOREIGN KEY (organization_id, customer_id) REFERENCES customers (organization_id, id) ON DELETE SET NULL (customer_id);
CREATE UNIQUE INDEX privacy_duties_reference ON privacy_duties (organization_id, source, kind, reference);
CREATE INDEX privacy_duties_customer ON privacy_duties (organization_id, customer_id) WHERE customer_id IS NOT NULL;
CREATE INDEX privacy_duties_due ON privacy_duties (organization_id, due_at, id) WHERE state = 'open';
CALL protect_tenant_table('privacy_duties');

-- What another system says that somebody bought there, by its name: {"shopify": {orders, total_spent, last_order, said_at}}.
-- Lock: ACCESS EXCLUSIVE on customer_metrics for milliseconds.
ALTER TABLE customer_metrics ADD COLUMN told jsonb NOT NULL DEFAULT '{}';
