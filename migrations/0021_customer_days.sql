-- How many customers of each status an organization had at the end of each day: what numbers are compared with.
-- Lock: none that stops reads or writes.
CREATE TABLE customer_days (
  organization_id uuid NOT NULL,
  day date NOT NULL,
  status text NOT NULL,
  customers bigint NOT NULL CHECK (customers >= 0),
  PRIMARY KEY (organization_id, day, status)
);
ALTER TABLE customer_days ADD CONSTRAINT customer_days_organization FOREIGN KEY (organization_id) REFERENCES organizations ON DELETE CASCADE;
CALL protect_tenant_table('customer_days');
