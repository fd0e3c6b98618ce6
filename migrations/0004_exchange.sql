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
  -- How the file is written and its columns, as found once, so that every later reading is the same.
  format jsonb NOT NULL,
  headers jsonb NOT NULL,
  mapping jsonb NOT NULL,
  mode text NOT NULL DEFAULT 'upsert' CHECK (mode IN ('upsert', 'create', 'update')),
  match_by text[] NOT NULL DEFAULT '{external_id,email,phone}'
    CHECK (match_by <@ '{external_id,email,code,phone}' AND match_by <> '{}'),
  plan jsonb,
  result jsonb,
  -- How far apply has come: the last data row whose effect is committed, with the counts so far.
  applied_position bigint NOT NULL DEFAULT 0,
  -- Where in the file the row after it begins.
  checkpoint jsonb,
  -- Rows beyond that are applied too: batches are written two at a time.
  applied_ahead jsonb NOT NULL DEFAULT '[]',
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

-- Sweeping looks across the wall: files that nobody will ask for again.
CALL let_definer_read('imports');
CALL let_definer_read('exports');
CREATE INDEX exports_expires ON exports (expires_at) WHERE expires_at IS NOT NULL;

CREATE FUNCTION exchange_expired(imports_before timestamptz, at_most integer)
  RETURNS TABLE (organization_id uuid, id uuid, what text)
  LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp
AS $$
  (SELECT organization_id, id, 'export' FROM exports WHERE expires_at < now() LIMIT at_most)
  UNION ALL
  (SELECT organization_id, id, 'import' FROM imports
   WHERE state IN ('uploaded', 'planned', 'failed') AND updated_at < imports_before LIMIT at_most)
$$;
ALTER FUNCTION exchange_expired(timestamptz, integer) OWNER TO regulars_definer;
REVOKE ALL ON FUNCTION exchange_expired(timestamptz, integer) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION exchange_expired(timestamptz, integer) TO regulars_app;

-- After an import: merges what waits in the pending lists, which every search would have to read until then. Only the
-- owner of an index may do it, so these two belong to whoever migrates; they take nothing and give nothing.
CREATE FUNCTION customers_clean_search_index() RETURNS void
  LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp
AS $$
BEGIN
  PERFORM pg_catalog.gin_clean_pending_list('public.customers_search'::regclass);
  PERFORM pg_catalog.gin_clean_pending_list('public.customers_attributes'::regclass);
END $$;
REVOKE ALL ON FUNCTION customers_clean_search_index() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION customers_clean_search_index() TO regulars_app;

-- An imported code such as C-000123 must not be given to somebody else later: moves the sequence on, never back.
CREATE FUNCTION reserve_customer_codes(through bigint) RETURNS void
  LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp
AS $$
BEGIN
  IF through <= 999999999 AND through > (SELECT last_value FROM public.customer_codes) THEN
    PERFORM pg_catalog.setval('public.customer_codes', through + 1000);
  END IF;
END $$;
REVOKE ALL ON FUNCTION reserve_customer_codes(bigint) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION reserve_customer_codes(bigint) TO regulars_app;

-- A person who withdrew consent and was deleted is still remembered when a file brings the address back.
CREATE INDEX customers_deleted_email ON customers (organization_id, email_lowercase) WHERE deleted_at IS NOT NULL AND email_lowercase IS NOT NULL;
