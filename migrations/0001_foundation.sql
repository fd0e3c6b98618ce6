-- Roles, the tenant wall, organizations, users, sessions, keys, audit.
-- Lock: new objects only. Time: milliseconds.

-- regulars_app serves requests: it owns nothing and cannot bypass row-level security.
-- regulars_definer owns the few SECURITY DEFINER functions that must look past the wall's planner barrier
-- (search, job claims, sign-in); nobody signs in as it, and it may do only what its own grants and policies say.
DO $$
BEGIN
  IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'regulars_app') THEN
    BEGIN CREATE ROLE regulars_app NOLOGIN; EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL; END;
  END IF;
  IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'regulars_definer') THEN
    BEGIN CREATE ROLE regulars_definer NOLOGIN; EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL; END;
  END IF;
  IF NOT pg_has_role(current_user, 'regulars_app', 'MEMBER') THEN
    EXECUTE format('GRANT regulars_app TO %I', current_user);
  END IF;
  IF NOT pg_has_role(current_user, 'regulars_definer', 'MEMBER') THEN
    EXECUTE format('GRANT regulars_definer TO %I', current_user);
  END IF;
END $$;

GRANT USAGE ON SCHEMA public TO regulars_app;
GRANT USAGE, CREATE ON SCHEMA public TO regulars_definer;
CREATE EXTENSION IF NOT EXISTS pg_trgm;

-- The organization of the current transaction, as database::Tx sets it; no row is visible without one.
CREATE FUNCTION current_organization() RETURNS uuid LANGUAGE sql STABLE PARALLEL SAFE
  RETURN nullif(current_setting('app.organization_id', true), '')::uuid;

-- Puts a table behind the wall. Every tenant table calls it in the migration that makes it.
CREATE PROCEDURE protect_tenant_table(name text) LANGUAGE plpgsql AS $$
BEGIN
  EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', name);
  EXECUTE format('ALTER TABLE %I FORCE ROW LEVEL SECURITY', name);
  EXECUTE format('CREATE POLICY tenant ON %I USING (organization_id = current_organization()) WITH CHECK (organization_id = current_organization())', name);
  EXECUTE format('GRANT SELECT, INSERT, UPDATE, DELETE ON %I TO regulars_app', name);
END $$;

-- Lets the definer's functions read a tenant table without the planner barrier; they apply the organization themselves.
CREATE PROCEDURE let_definer_read(name text) LANGUAGE plpgsql AS $$
BEGIN
  EXECUTE format('CREATE POLICY definer ON %I FOR SELECT TO regulars_definer USING (true)', name);
  EXECUTE format('GRANT SELECT ON %I TO regulars_definer', name);
END $$;

-- Stamps its own row and nothing else.
CREATE FUNCTION stamp_updated() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  NEW.updated_at := now();
  NEW.version := OLD.version + 1;
  RETURN NEW;
END $$;

-- Tables without an organization: organizations, users, sessions, user_tokens, job_schedules and the migration history.
CREATE TABLE organizations (
  id uuid PRIMARY KEY,
  slug text NOT NULL UNIQUE CHECK (slug ~ '^[a-z0-9][a-z0-9-]{0,62}$'),
  name text NOT NULL CHECK (name <> ''),
  currency text NOT NULL CHECK (currency ~ '^[A-Z]{3}$'),
  time_zone text NOT NULL,
  locale text NOT NULL,
  version integer NOT NULL DEFAULT 1,
  created_at timestamptz NOT NULL DEFAULT now(),
  updated_at timestamptz NOT NULL DEFAULT now()
);
CREATE TRIGGER stamp BEFORE UPDATE ON organizations FOR EACH ROW EXECUTE FUNCTION stamp_updated();

CREATE TABLE users (
  id uuid PRIMARY KEY,
  email text NOT NULL,
  email_lowercase text GENERATED ALWAYS AS (lower(email)) STORED UNIQUE,
  name text NOT NULL DEFAULT '',
  password_hash text,
  failed_attempts integer NOT NULL DEFAULT 0,
  locked_until timestamptz,
  last_signed_in_at timestamptz,
  disabled_at timestamptz,
  version integer NOT NULL DEFAULT 1,
  created_at timestamptz NOT NULL DEFAULT now(),
  updated_at timestamptz NOT NULL DEFAULT now()
);
-- Counting sign-ins is not a change of the record.
CREATE TRIGGER stamp BEFORE UPDATE OF email, name, password_hash, disabled_at ON users FOR EACH ROW EXECUTE FUNCTION stamp_updated();

-- Only hashes (SHA-256 of 256 random bits) are kept.
CREATE TABLE sessions (
  id uuid PRIMARY KEY,
  token_hash bytea NOT NULL UNIQUE,
  user_id uuid NOT NULL REFERENCES users ON DELETE CASCADE,
  organization_id uuid NOT NULL REFERENCES organizations ON DELETE CASCADE,
  user_agent text NOT NULL DEFAULT '',
  ip text NOT NULL DEFAULT '',
  created_at timestamptz NOT NULL DEFAULT now(),
  last_seen_at timestamptz NOT NULL DEFAULT now(),
  expires_at timestamptz NOT NULL,
  revoked_at timestamptz
);
CREATE INDEX sessions_user ON sessions (user_id);
CREATE INDEX sessions_organization ON sessions (organization_id);

CREATE TABLE user_tokens (
  token_hash bytea PRIMARY KEY,
  user_id uuid REFERENCES users ON DELETE CASCADE,
  purpose text NOT NULL CHECK (purpose IN ('set_password', 'reset_password', 'first_owner')),
  created_at timestamptz NOT NULL DEFAULT now(),
  expires_at timestamptz NOT NULL,
  used_at timestamptz
);
CREATE INDEX user_tokens_user ON user_tokens (user_id);

GRANT SELECT, INSERT, UPDATE, DELETE ON organizations, users, sessions, user_tokens TO regulars_app;

CREATE TABLE memberships (
  organization_id uuid NOT NULL,
  user_id uuid NOT NULL,
  role text NOT NULL CHECK (role IN ('owner', 'admin', 'agent', 'viewer')),
  version integer NOT NULL DEFAULT 1,
  created_at timestamptz NOT NULL DEFAULT now(),
  updated_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (organization_id, user_id)
);
ALTER TABLE memberships ADD CONSTRAINT memberships_organization FOREIGN KEY (organization_id) REFERENCES organizations ON DELETE CASCADE;
ALTER TABLE memberships ADD CONSTRAINT memberships_user FOREIGN KEY (user_id) REFERENCES users ON DELETE CASCADE;
CREATE INDEX memberships_user ON memberships (user_id);
CREATE TRIGGER stamp BEFORE UPDATE ON memberships FOR EACH ROW EXECUTE FUNCTION stamp_updated();
CALL protect_tenant_table('memberships');
CALL let_definer_read('memberships');

-- Sign-in knows the person before the organization: the only way to read memberships across the wall.
CREATE FUNCTION user_memberships(who uuid) RETURNS TABLE (organization_id uuid, role text)
  LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp
  AS 'SELECT organization_id, role FROM public.memberships WHERE user_id = who';
ALTER FUNCTION user_memberships(uuid) OWNER TO regulars_definer;
REVOKE ALL ON FUNCTION user_memberships(uuid) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION user_memberships(uuid) TO regulars_app;

-- The key's text names its organization, so that it is looked up inside the wall.
CREATE TABLE api_keys (
  organization_id uuid NOT NULL,
  id uuid NOT NULL,
  name text NOT NULL CHECK (name <> ''),
  role text NOT NULL CHECK (role IN ('owner', 'admin', 'agent', 'viewer')),
  scopes text[] NOT NULL DEFAULT '{}',
  secret_hash bytea NOT NULL,
  hint text NOT NULL,
  created_by uuid,
  version integer NOT NULL DEFAULT 1,
  created_at timestamptz NOT NULL DEFAULT now(),
  updated_at timestamptz NOT NULL DEFAULT now(),
  expires_at timestamptz,
  last_used_at timestamptz,
  revoked_at timestamptz,
  PRIMARY KEY (organization_id, id)
);
ALTER TABLE api_keys ADD CONSTRAINT api_keys_organization FOREIGN KEY (organization_id) REFERENCES organizations ON DELETE CASCADE;
CREATE TRIGGER stamp BEFORE UPDATE OF name, role, scopes, expires_at, revoked_at ON api_keys FOR EACH ROW EXECUTE FUNCTION stamp_updated();
CALL protect_tenant_table('api_keys');

CREATE TABLE audit_entries (
  organization_id uuid NOT NULL,
  id uuid NOT NULL,
  actor_kind text NOT NULL CHECK (actor_kind IN ('user', 'key', 'system')),
  actor_id uuid,
  action text NOT NULL,
  target_kind text,
  target_id uuid,
  data jsonb NOT NULL DEFAULT '{}',
  ip text,
  request_id text,
  occurred_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (organization_id, id)
);
ALTER TABLE audit_entries ADD CONSTRAINT audit_entries_organization FOREIGN KEY (organization_id) REFERENCES organizations ON DELETE CASCADE;
CREATE INDEX audit_entries_action ON audit_entries (organization_id, action, id);
CREATE INDEX audit_entries_actor ON audit_entries (organization_id, actor_id, id);
CALL protect_tenant_table('audit_entries');
REVOKE UPDATE, DELETE ON audit_entries FROM regulars_app;

-- One row per Idempotency-Key, written with the work it answers for.
CREATE TABLE idempotency_keys (
  organization_id uuid NOT NULL,
  principal uuid NOT NULL,
  key text NOT NULL,
  request_hash bytea NOT NULL,
  status smallint NOT NULL,
  location text,
  etag text,
  body bytea NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (organization_id, principal, key)
);
ALTER TABLE idempotency_keys ADD CONSTRAINT idempotency_keys_organization FOREIGN KEY (organization_id) REFERENCES organizations ON DELETE CASCADE;
CREATE INDEX idempotency_keys_created ON idempotency_keys (created_at);
CALL protect_tenant_table('idempotency_keys');
