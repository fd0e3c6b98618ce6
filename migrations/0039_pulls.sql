-- What a connection reads at its provider with, and how far it has read.
-- Lock: new objects only; connections for milliseconds while the foreign keys are added. Time: milliseconds.

-- With what the provider's own API is asked. Beside the secrets, which only verify what comes in.
CREATE TABLE connection_api_keys (
  organization_id uuid NOT NULL,
  connection_id uuid NOT NULL,
  api_key text NOT NULL CHECK (api_key <> '' AND length(api_key) <= 500),
  created_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (organization_id, connection_id)
);
ALTER TABLE connection_api_keys ADD CONSTRAINT connection_api_keys_connection
  FOREIGN KEY (organization_id, connection_id) REFERENCES connections (organization_id, id) ON DELETE CASCADE;
CALL protect_tenant_table('connection_api_keys');

CREATE TABLE connection_pulls (
  organization_id uuid NOT NULL,
  -- Rises with the time at which it was begun.
  id uuid NOT NULL,
  connection_id uuid NOT NULL,
  -- The job that does it at this moment, or did it last.
  job_id uuid NOT NULL,
  -- Only what changed later is read; null: everything.
  since timestamptz,
  -- The address of the page that is read next; null before the first.
  next_page text CHECK (length(next_page) <= 8000),
  -- The newest change that was read, from which the next pull goes on.
  newest timestamptz,
  pages integer NOT NULL DEFAULT 0,
  seen integer NOT NULL DEFAULT 0,
  created integer NOT NULL DEFAULT 0,
  failed integer NOT NULL DEFAULT 0,
  error text,
  started_at timestamptz NOT NULL,
  finished_at timestamptz,
  PRIMARY KEY (organization_id, id)
);
ALTER TABLE connection_pulls ADD CONSTRAINT connection_pulls_connection
  FOREIGN KEY (organization_id, connection_id) REFERENCES connections (organization_id, id) ON DELETE CASCADE;
CREATE INDEX connection_pulls_connection_id ON connection_pulls (organization_id, connection_id, id);
-- One at a time.
CREATE UNIQUE INDEX connection_pulls_open ON connection_pulls (organization_id, connection_id) WHERE finished_at IS NULL;
CALL protect_tenant_table('connection_pulls');
