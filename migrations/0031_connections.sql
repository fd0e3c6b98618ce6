-- Connections to other systems, and the inbox of what they send.
-- Lock: new objects only. Time: milliseconds.

CREATE TABLE connections (
  organization_id uuid NOT NULL,
  id uuid NOT NULL,
  version integer NOT NULL DEFAULT 1,
  provider text NOT NULL CHECK (provider ~ '^[a-z][a-z0-9_]{0,39}$'),
  name text NOT NULL CHECK (name <> '' AND length(name) <= 120),
  settings jsonb NOT NULL DEFAULT '{}' CHECK (jsonb_typeof(settings) = 'object'),
  created_at timestamptz NOT NULL DEFAULT now(),
  updated_at timestamptz NOT NULL DEFAULT now(),
  deleted_at timestamptz,
  PRIMARY KEY (organization_id, id)
);
CREATE TRIGGER stamp BEFORE UPDATE ON connections FOR EACH ROW EXECUTE FUNCTION stamp_updated();
CALL protect_tenant_table('connections');

-- What a provider signs with. Several hold while one takes over from another.
CREATE TABLE connection_secrets (
  organization_id uuid NOT NULL,
  connection_id uuid NOT NULL,
  id uuid NOT NULL,
  secret text NOT NULL CHECK (secret <> '' AND length(secret) <= 500),
  created_at timestamptz NOT NULL DEFAULT now(),
  -- Null for the one that holds until another takes its place.
  expires_at timestamptz,
  PRIMARY KEY (organization_id, connection_id, id)
);
ALTER TABLE connection_secrets ADD CONSTRAINT connection_secrets_connection
  FOREIGN KEY (organization_id, connection_id) REFERENCES connections (organization_id, id) ON DELETE CASCADE;
CALL protect_tenant_table('connection_secrets');

CREATE TABLE webhook_events (
  organization_id uuid NOT NULL,
  -- Rises with the time of arrival.
  id uuid NOT NULL,
  connection_id uuid NOT NULL,
  provider text NOT NULL,
  topic text NOT NULL CHECK (length(topic) <= 200),
  -- The provider's own id of the message; a second one with it is the same message.
  delivery_id text NOT NULL CHECK (delivery_id <> '' AND length(delivery_id) <= 200),
  -- SHA-256 of topic, time said and body: the same under another delivery id is the same message too.
  content bytea NOT NULL CHECK (length(content) = 32),
  -- What the provider's headers say of it.
  about jsonb NOT NULL DEFAULT '{}',
  body bytea NOT NULL,
  -- A body that a person put in its place.
  mended bytea,
  said_at timestamptz,
  received_at timestamptz NOT NULL,
  state text NOT NULL DEFAULT 'queued' CHECK (state IN ('queued', 'done', 'ignored', 'dead', 'discarded')),
  attempts integer NOT NULL DEFAULT 0,
  run_at timestamptz NOT NULL,
  error text,
  result jsonb,
  processed_at timestamptz,
  PRIMARY KEY (organization_id, id)
);
ALTER TABLE webhook_events ADD CONSTRAINT webhook_events_connection
  FOREIGN KEY (organization_id, connection_id) REFERENCES connections (organization_id, id);
CREATE UNIQUE INDEX webhook_events_delivery ON webhook_events (organization_id, connection_id, delivery_id);
CREATE UNIQUE INDEX webhook_events_content ON webhook_events (organization_id, connection_id, content);
CREATE INDEX webhook_events_due ON webhook_events (organization_id, run_at, id) WHERE state = 'queued';
CREATE INDEX webhook_events_state ON webhook_events (organization_id, state, id);
CREATE INDEX webhook_events_connection_id ON webhook_events (organization_id, connection_id, id);
CREATE INDEX webhook_events_topic ON webhook_events (organization_id, topic, id);
-- Bodies are written once and read once; rows change twice in a life that ends by number, not by share.
ALTER TABLE webhook_events SET (fillfactor = 80, autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_threshold = 2000);
CALL protect_tenant_table('webhook_events');

-- What a provider has said of one of its things, facet by facet, and when: what comes late must not overwrite what is newer.
CREATE TABLE provider_entities (
  organization_id uuid NOT NULL,
  source text NOT NULL CHECK (source ~ '^[a-z][a-z0-9_]{0,39}$'),
  kind text NOT NULL CHECK (kind ~ '^[a-z][a-z0-9_]{0,39}$'),
  external_id text NOT NULL CHECK (external_id <> '' AND length(external_id) <= 200),
  -- {"profile": ["2026-01-01T00:00:00Z", "…"]}: when it was said, and what breaks ties.
  facets jsonb NOT NULL DEFAULT '{}',
  -- What the provider's part keeps of it, such as the ids of its addresses.
  data jsonb NOT NULL DEFAULT '{}',
  deleted_at timestamptz,
  PRIMARY KEY (organization_id, source, kind, external_id)
);
CALL protect_tenant_table('provider_entities');
