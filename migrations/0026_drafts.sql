-- What a member began to write and has not said yet: a company in its steps, a note about a customer. Seen by nobody else.
-- Lock: waits until writes to customers and memberships that are under way are done, and lets none begin for milliseconds.
CREATE TABLE drafts (
  organization_id uuid NOT NULL,
  id uuid NOT NULL DEFAULT gen_random_uuid(),
  user_id uuid NOT NULL,
  about text NOT NULL CHECK (about IN ('company', 'note')),
  customer_id uuid,
  body jsonb NOT NULL,
  version integer NOT NULL DEFAULT 1,
  updated_at timestamptz NOT NULL DEFAULT now(),
  CHECK ((about = 'note') = (customer_id IS NOT NULL)),
  PRIMARY KEY (organization_id, id),
  UNIQUE NULLS NOT DISTINCT (organization_id, user_id, about, customer_id)
);
ALTER TABLE drafts ADD CONSTRAINT drafts_user FOREIGN KEY (organization_id, user_id) REFERENCES memberships (organization_id, user_id) ON DELETE CASCADE;
ALTER TABLE drafts ADD CONSTRAINT drafts_customer FOREIGN KEY (organization_id, customer_id) REFERENCES customers (organization_id, id) ON DELETE CASCADE;
CREATE INDEX drafts_customer ON drafts (organization_id, customer_id) WHERE customer_id IS NOT NULL;
CREATE TRIGGER stamp BEFORE UPDATE ON drafts FOR EACH ROW EXECUTE FUNCTION stamp_updated();
CALL protect_tenant_table('drafts');
