-- Imports and exports.
-- Lock: new objects only. Time: milliseconds.

CREATE TABLE imports (
  organization_id uuid NOT NULL,
  id uuid NOT NULL,
  version integer NOT NULL DEFAULT 1,
  state text NOT NULL DEFAULT 'uploaded' CHECK (state IN ('uploaded', 'planning', 'planned', 'applying', 'done', 'failed', 'cancelled')),
  file_name text NOT NULL,
  file_bytes bigint NOT NULL,
  file_sha256 bytea NOT NULL,
  format jsonb NOT NULL,
  mapping jsonb NOT NULL,
  mode text NOT NULL DEFAULT 'upsert' CHECK (mode IN ('upsert', 'create', 'update')),
  match_by text[] NOT NULL DEFAULT '{external_id,email,phone}',
  plan jsonb,
  result jsonb,
  -- How far apply has come: the last data row whose effect is committed, with the counts so far.
  applied_position bigint NOT NULL DEFAULT 0,
  job_id uuid,
  error text,
  actor_kind text NOT NULL,
  actor_id uuid,
  created_at timestamptz NOT NULL DEFAULT now(),
  updated_at timestamptz NOT NULL DEFAULT now(),
  finished_at timestamptz,
  PRIMARY KEY (organization_id, id)
);
ALTER TABLE imports ADD CONSTRAINT imports_organization FOREIGN KEY (organization_id) REFERENCES organizations ON DELETE CASCADE;
CREATE TRIGGER stamp BEFORE UPDATE ON imports FOR EACH ROW EXECUTE FUNCTION stamp_updated();
CALL protect_tenant_table('imports');

-- Rows that were not imported, with why; written with the batch they belong to.
CREATE TABLE import_errors (
  organization_id uuid NOT NULL,
  import_id uuid NOT NULL,
  position bigint NOT NULL,
  phase text NOT NULL CHECK (phase IN ('plan', 'apply')),
  outcome text NOT NULL CHECK (outcome IN ('invalid', 'conflict')),
  faults jsonb NOT NULL,
  fields jsonb NOT NULL,
  PRIMARY KEY (organization_id, import_id, phase, position)
);
ALTER TABLE import_errors ADD CONSTRAINT import_errors_import FOREIGN KEY (organization_id, import_id) REFERENCES imports (organization_id, id) ON DELETE CASCADE;
CALL protect_tenant_table('import_errors');

CREATE TABLE exports (
  organization_id uuid NOT NULL,
  id uuid NOT NULL,
  state text NOT NULL DEFAULT 'queued' CHECK (state IN ('queued', 'running', 'done', 'failed', 'cancelled')),
  format text NOT NULL CHECK (format IN ('csv', 'jsonl')),
  query jsonb NOT NULL,
  rows bigint NOT NULL DEFAULT 0,
  bytes bigint NOT NULL DEFAULT 0,
  job_id uuid,
  error text,
  actor_kind text NOT NULL,
  actor_id uuid,
  created_at timestamptz NOT NULL DEFAULT now(),
  finished_at timestamptz,
  expires_at timestamptz,
  PRIMARY KEY (organization_id, id)
);
ALTER TABLE exports ADD CONSTRAINT exports_organization FOREIGN KEY (organization_id) REFERENCES organizations ON DELETE CASCADE;
CALL protect_tenant_table('exports');
