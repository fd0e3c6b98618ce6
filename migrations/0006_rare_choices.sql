-- Filters by what few customers are, which walked everybody to find them.
-- Lock: writes to customers wait while each index is built. Time: about a second for a million customers, since only the
-- few rows that match are in them.

CREATE INDEX customers_companies ON customers (organization_id, kind, created_at, id) WHERE deleted_at IS NULL AND kind <> 'person';
CREATE INDEX customers_priority ON customers (organization_id, priority, created_at, id) WHERE deleted_at IS NULL AND priority <> 'normal';
CREATE INDEX customers_without_email ON customers (organization_id, created_at, id) WHERE deleted_at IS NULL AND email IS NULL;
CREATE INDEX customers_without_phone ON customers (organization_id, created_at, id) WHERE deleted_at IS NULL AND phone IS NULL;
