-- Invitations of people who belong elsewhere, memberships that end before everything hanging on them is let go,
-- and an index behind each filter of the audit log.
-- Lock: memberships for an instant (a column without a default). audit_entries against writing while two indexes are
-- made: about two seconds each for a million entries.

-- Whoever belongs to another organization joins by saying yes, with the link of the invitation in hand and signed in.
-- Until then the organization knows what it typed and nothing else.
CREATE TABLE invitations (
  organization_id uuid NOT NULL,
  id uuid NOT NULL,
  user_id uuid NOT NULL,
  email text NOT NULL,
  email_lowercase text GENERATED ALWAYS AS (lower(email)) STORED,
  name text NOT NULL DEFAULT '',
  role text NOT NULL CHECK (role IN ('owner', 'admin', 'agent', 'viewer')),
  token_hash bytea NOT NULL,
  expires_at timestamptz NOT NULL,
  version integer NOT NULL DEFAULT 1,
  created_at timestamptz NOT NULL DEFAULT now(),
  updated_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (organization_id, id)
);
ALTER TABLE invitations ADD CONSTRAINT invitations_organization FOREIGN KEY (organization_id) REFERENCES organizations ON DELETE CASCADE;
ALTER TABLE invitations ADD CONSTRAINT invitations_user FOREIGN KEY (user_id) REFERENCES users ON DELETE CASCADE;
CREATE UNIQUE INDEX invitations_once ON invitations (organization_id, user_id);
CREATE INDEX invitations_user ON invitations (user_id);
CREATE INDEX invitations_token ON invitations (token_hash);
CREATE TRIGGER stamp BEFORE UPDATE OF name, role ON invitations FOR EACH ROW EXECUTE FUNCTION stamp_updated();
CALL protect_tenant_table('invitations');
CALL let_definer_read('invitations');

-- A link is known before its organization: the only way to read invitations across the wall.
CREATE FUNCTION invitation_by_token(hash bytea)
  RETURNS TABLE (organization_id uuid, id uuid, user_id uuid, expires_at timestamptz)
  LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp
  AS 'SELECT organization_id, id, user_id, expires_at FROM public.invitations WHERE token_hash = hash';
ALTER FUNCTION invitation_by_token(bytea) OWNER TO regulars_definer;
REVOKE ALL ON FUNCTION invitation_by_token(bytea) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION invitation_by_token(bytea) TO regulars_app;

-- Somebody who looks after a million customers is out at once; the customers are let go in batches, and the row goes last.
ALTER TABLE memberships ADD COLUMN ended_at timestamptz;
CREATE OR REPLACE FUNCTION user_memberships(who uuid) RETURNS TABLE (organization_id uuid, role text)
  LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp
  AS 'SELECT organization_id, role FROM public.memberships WHERE user_id = who AND ended_at IS NULL';

-- `target` had no index; the beginning of an action (`key` for `key.created`) is a range where letters compare by byte.
CREATE INDEX audit_entries_target ON audit_entries (organization_id, target_id, id);
CREATE INDEX audit_entries_verb ON audit_entries (organization_id, action COLLATE "C", id);
DROP INDEX audit_entries_action;
