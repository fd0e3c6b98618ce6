-- Which customers a member looked at last, and which they keep at hand.
-- Lock: waits until writes to customers and memberships that are under way are done, and lets none begin for milliseconds.
CREATE TABLE customer_marks (
  organization_id uuid NOT NULL,
  user_id uuid NOT NULL,
  customer_id uuid NOT NULL,
  seen_at timestamptz,
  favourite_at timestamptz,
  PRIMARY KEY (organization_id, user_id, customer_id),
  CHECK (seen_at IS NOT NULL OR favourite_at IS NOT NULL)
);
ALTER TABLE customer_marks ADD CONSTRAINT customer_marks_user FOREIGN KEY (organization_id, user_id) REFERENCES memberships (organization_id, user_id) ON DELETE CASCADE;
ALTER TABLE customer_marks ADD CONSTRAINT customer_marks_customer FOREIGN KEY (organization_id, customer_id) REFERENCES customers (organization_id, id) ON DELETE CASCADE;
CREATE INDEX customer_marks_customer ON customer_marks (organization_id, customer_id);
CALL protect_tenant_table('customer_marks');
