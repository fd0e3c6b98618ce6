-- The queue and the record of what happened.
-- Lock: new objects only. Time: milliseconds.

-- Work of Regulars itself carries the nil organization.
CREATE TABLE jobs (
  organization_id uuid NOT NULL,
  id uuid NOT NULL,
  queue text NOT NULL DEFAULT 'default',
  kind text NOT NULL,
  key text,
  payload jsonb NOT NULL DEFAULT '{}',
  state text NOT NULL DEFAULT 'queued' CHECK (state IN ('queued', 'running', 'done', 'dead', 'cancelled')),
  priority smallint NOT NULL DEFAULT 100,
  run_at timestamptz NOT NULL DEFAULT now(),
  attempts integer NOT NULL DEFAULT 0,
  max_attempts integer NOT NULL DEFAULT 10,
  lease_until timestamptz,
  worker text,
  cancel_requested_at timestamptz,
  progress_done bigint NOT NULL DEFAULT 0,
  progress_total bigint,
  result jsonb,
  error text,
  actor_kind text NOT NULL DEFAULT 'system',
  actor_id uuid,
  created_at timestamptz NOT NULL DEFAULT now(),
  started_at timestamptz,
  finished_at timestamptz,
  PRIMARY KEY (organization_id, id)
);
CREATE UNIQUE INDEX jobs_key ON jobs (organization_id, kind, key) WHERE key IS NOT NULL AND state = 'queued';
CREATE INDEX jobs_claim ON jobs (queue, priority, run_at, id) WHERE state = 'queued';
CREATE INDEX jobs_lease ON jobs (lease_until) WHERE state = 'running';
CREATE INDEX jobs_list ON jobs (organization_id, queue, state, id);
CREATE INDEX jobs_finished ON jobs (finished_at) WHERE finished_at IS NOT NULL;
CALL protect_tenant_table('jobs');
CREATE POLICY definer ON jobs TO regulars_definer USING (true) WITH CHECK (true);
GRANT SELECT, INSERT, UPDATE, DELETE ON jobs TO regulars_definer;

CREATE TABLE job_schedules (
  name text PRIMARY KEY,
  next_run_at timestamptz NOT NULL,
  last_run_at timestamptz
);
GRANT SELECT, INSERT, UPDATE, DELETE ON job_schedules TO regulars_app, regulars_definer;

-- What happened, once, with the change that made it so. Never edited.
CREATE TABLE events (
  organization_id uuid NOT NULL,
  id uuid NOT NULL,
  customer_id uuid,
  kind text NOT NULL,
  actor_kind text NOT NULL CHECK (actor_kind IN ('user', 'key', 'system')),
  actor_id uuid,
  data jsonb NOT NULL DEFAULT '{}',
  occurred_at timestamptz NOT NULL DEFAULT now(),
  request_id text,
  PRIMARY KEY (organization_id, id)
);
ALTER TABLE events ADD CONSTRAINT events_organization FOREIGN KEY (organization_id) REFERENCES organizations ON DELETE CASCADE;
CREATE INDEX events_timeline ON events (organization_id, customer_id, occurred_at DESC, id DESC) WHERE customer_id IS NOT NULL;
CALL protect_tenant_table('events');
REVOKE UPDATE ON events FROM regulars_app;
