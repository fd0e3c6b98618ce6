-- Who follows the changes of customers, and the mirror of customers in Firestore.
-- Lock: new objects only. Time: milliseconds.

-- Whoever is to hear of each change of a customer, such as a mirror of them elsewhere.
CREATE TABLE customer_followers (
  organization_id uuid NOT NULL,
  follower text NOT NULL CHECK (follower ~ '^[a-z][a-z0-9_]{0,39}$'),
  created_at timestamptz NOT NULL,
  PRIMARY KEY (organization_id, follower)
);
CALL protect_tenant_table('customer_followers');

-- What a follower has not dealt with yet. Rows are only added and taken away, never changed: whoever changes a customer waits
-- for nobody here, in whatever order several customers are changed.
CREATE TABLE customer_changes (
  organization_id uuid NOT NULL,
  follower text NOT NULL,
  -- Rises with the time at which it was written, not with that at which it was committed.
  id uuid NOT NULL,
  customer_id uuid NOT NULL,
  changed_at timestamptz NOT NULL,
  PRIMARY KEY (organization_id, follower, id)
);
CREATE INDEX customer_changes_customer ON customer_changes (organization_id, follower, customer_id);
-- A queue: nearly every row is soon a dead one.
ALTER TABLE customer_changes SET (autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_threshold = 2000, vacuum_index_cleanup = on);
CALL protect_tenant_table('customer_changes');

-- How an organization's mirror is set up. One for each.
CREATE TABLE firestore_mirrors (
  organization_id uuid NOT NULL,
  version integer NOT NULL DEFAULT 1,
  project_id text NOT NULL CHECK (project_id <> '' AND length(project_id) <= 100),
  database_id text NOT NULL CHECK (database_id <> '' AND length(database_id) <= 63),
  collection text NOT NULL CHECK (collection <> '' AND length(collection) <= 500),
  -- Null: as Google advises.
  writes_per_second integer CHECK (writes_per_second BETWEEN 1 AND 100000),
  paused_at timestamptz,
  created_at timestamptz NOT NULL DEFAULT now(),
  updated_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (organization_id)
);
CREATE TRIGGER stamp BEFORE UPDATE ON firestore_mirrors FOR EACH ROW EXECUTE FUNCTION stamp_updated();
CALL protect_tenant_table('firestore_mirrors');

-- The key of the service account, as Google gives it.
CREATE TABLE firestore_credentials (
  organization_id uuid NOT NULL,
  credentials text NOT NULL CHECK (credentials <> '' AND length(credentials) <= 10000),
  created_at timestamptz NOT NULL,
  PRIMARY KEY (organization_id)
);
CALL protect_tenant_table('firestore_credentials');

-- How far a mirror is, and who is at it.
CREATE TABLE firestore_progress (
  organization_id uuid NOT NULL,
  -- The job that mirrors at this moment, and until when nobody else does.
  worker_job uuid,
  worker_until timestamptz,
  -- Failures in a row, and until when nothing is tried after the last.
  failures integer NOT NULL DEFAULT 0,
  not_before timestamptz,
  error text,
  failed_at timestamptz,
  mirrored_at timestamptz,
  -- The initial load: everybody up to this id is marked.
  load_job uuid,
  load_after uuid,
  load_done bigint NOT NULL DEFAULT 0,
  load_total bigint,
  loaded_at timestamptz,
  PRIMARY KEY (organization_id)
) WITH (fillfactor = 50);
CALL protect_tenant_table('firestore_progress');

-- What is known of each customer's document.
CREATE TABLE firestore_customers (
  organization_id uuid NOT NULL,
  customer_id uuid NOT NULL,
  -- When it was written, or taken away, last.
  mirrored_at timestamptz,
  is_deleted boolean NOT NULL DEFAULT false,
  -- Refusals in a row, the last one's reason, and when it is tried again.
  attempts integer NOT NULL DEFAULT 0,
  error text,
  retry_at timestamptz,
  PRIMARY KEY (organization_id, customer_id)
) WITH (fillfactor = 90);
CREATE INDEX firestore_customers_retry ON firestore_customers (organization_id, retry_at) WHERE retry_at IS NOT NULL;
CALL protect_tenant_table('firestore_customers');

-- The log: loads, comparisons, repairs, and what went wrong. The oldest leave.
CREATE TABLE firestore_log (
  organization_id uuid NOT NULL,
  id uuid NOT NULL,
  kind text NOT NULL CHECK (kind IN ('load', 'verify', 'repair', 'trouble', 'refused')),
  job_id uuid,
  started_at timestamptz NOT NULL,
  finished_at timestamptz,
  result jsonb,
  error text,
  PRIMARY KEY (organization_id, id)
);
CREATE INDEX firestore_log_kind ON firestore_log (organization_id, kind, id);
CALL protect_tenant_table('firestore_log');

CALL let_definer_read('customer_changes');
CALL let_definer_read('firestore_mirrors');
CALL let_definer_read('firestore_progress');
CALL let_definer_read('firestore_customers');

-- Whose mirrors have something to do and nobody who is at it. Every server asks every few seconds, for all organizations.
CREATE FUNCTION firestore_due(most integer) RETURNS TABLE (organization uuid)
  LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp
AS $$
  SELECT m.organization_id FROM firestore_mirrors m
  JOIN firestore_progress p ON p.organization_id = m.organization_id
  WHERE m.paused_at IS NULL AND coalesce(p.not_before <= now(), true) AND coalesce(p.worker_until <= now(), true)
    AND (EXISTS (SELECT FROM customer_changes c WHERE c.organization_id = m.organization_id AND c.follower = 'firestore')
      OR EXISTS (SELECT FROM firestore_customers f WHERE f.organization_id = m.organization_id AND f.retry_at <= now()))
  LIMIT most
$$;
ALTER FUNCTION firestore_due(integer) OWNER TO regulars_definer;
REVOKE ALL ON FUNCTION firestore_due FROM PUBLIC;
GRANT EXECUTE ON FUNCTION firestore_due TO regulars_app;
