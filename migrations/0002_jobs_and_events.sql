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
  priority smallint NOT NULL DEFAULT 100 CHECK (priority >= 0),
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
CREATE INDEX jobs_claim ON jobs (queue, organization_id, priority, run_at, id) WHERE state = 'queued';
CREATE INDEX jobs_lease ON jobs (lease_until) WHERE state = 'running';
CREATE INDEX jobs_list ON jobs (organization_id, queue, state, id);
CREATE INDEX jobs_finished ON jobs (finished_at) WHERE finished_at IS NOT NULL;
CREATE INDEX jobs_dead ON jobs (queue) WHERE state = 'dead';
-- A queue's rows change several times in their short life: clean up by number, not by share of the table.
ALTER TABLE jobs SET (fillfactor = 80, autovacuum_vacuum_scale_factor = 0.01, autovacuum_vacuum_threshold = 1000,
  autovacuum_analyze_scale_factor = 0.05);
CALL protect_tenant_table('jobs');
CREATE POLICY definer ON jobs TO regulars_definer USING (true) WITH CHECK (true);
GRANT SELECT, INSERT, UPDATE, DELETE ON jobs TO regulars_definer;

-- The functions below see the jobs of all organizations, because a worker serves all of them. Their plans are pinned
-- to the indexes: the statistics of a queue are stale by nature.

-- Gives a worker jobs to run. Organizations take turns: whoever has the fewest running comes first, and none gets more
-- than per_organization slots of one worker. It hops over the pairs (organization, priority) of each queue in the
-- index, beginning after the organization served last, so that its cost depends on how many organizations wait and not
-- on how many jobs. At most 256 pairs are looked at; the next claim goes on behind them.
CREATE FUNCTION job_claim(worker_name text, queue_names text[], max_jobs integer, lease interval,
                          per_organization integer, after_organization uuid)
  RETURNS SETOF jobs LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp
  SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off SET enable_bitmapscan = off
  -- Without it, stale statistics make a million rows of jobs_list sorted look cheaper than jobs_claim in order.
  SET enable_sort = off SET jit = off
AS $$
DECLARE
  -- Read once: a volatile function in the condition would keep run_at out of the index search.
  moment timestamptz := clock_timestamp();
BEGIN
  RETURN QUERY
  WITH RECURSIVE waiting_queues (queue) AS (
    (SELECT j.queue FROM jobs j WHERE j.state = 'queued' ORDER BY j.queue LIMIT 1)
    UNION ALL
    SELECT (SELECT j.queue FROM jobs j WHERE j.state = 'queued' AND j.queue > w.queue ORDER BY j.queue LIMIT 1)
    FROM waiting_queues w WHERE w.queue IS NOT NULL
  ),
  -- Two walks for each queue: behind the organization served last, then round to it.
  hops (queue, organization_id, priority, upto, depth) AS (
    SELECT w.queue, walk.organization_id, walk.priority, walk.upto, 0
    FROM waiting_queues w, (VALUES
      (after_organization, 32767::smallint, 'ffffffff-ffff-ffff-ffff-ffffffffffff'::uuid),
      ('00000000-0000-0000-0000-000000000000'::uuid, -1::smallint, after_organization)
    ) AS walk (organization_id, priority, upto)
    WHERE w.queue IS NOT NULL AND (queue_names IS NULL OR w.queue = ANY (queue_names))
    UNION ALL
    SELECT h.queue, next.organization_id, next.priority, h.upto, h.depth + 1
    FROM hops h CROSS JOIN LATERAL (
      SELECT j.organization_id, j.priority FROM jobs j
      WHERE j.state = 'queued' AND j.queue = h.queue AND j.organization_id <= h.upto
        AND (j.organization_id, j.priority) > (h.organization_id, h.priority)
      ORDER BY j.organization_id, j.priority LIMIT 1
    ) next
  ),
  busy AS MATERIALIZED (
    SELECT j.organization_id, count(*) AS everywhere, count(*) FILTER (WHERE j.worker = worker_name) AS here
    FROM jobs j WHERE j.state = 'running' GROUP BY j.organization_id
  ),
  due AS MATERIALIZED (
    SELECT h.queue, d.organization_id, d.id, d.priority, d.run_at
    FROM (SELECT * FROM hops WHERE depth > 0 LIMIT 256) h
    CROSS JOIN LATERAL (
      SELECT j.organization_id, j.id, j.priority, j.run_at FROM jobs j
      WHERE j.state = 'queued' AND j.queue = h.queue AND j.organization_id = h.organization_id
        AND j.priority = h.priority AND j.run_at <= moment
      ORDER BY j.run_at, j.id
      -- More than wanted, since other workers may hold the first ones.
      LIMIT max_jobs * 4
    ) d
  ),
  ranked AS MATERIALIZED (
    SELECT due.*, coalesce(busy.here, 0) AS here,
           coalesce(busy.everywhere, 0)
             + row_number() OVER (PARTITION BY due.organization_id ORDER BY due.priority, due.run_at, due.id) AS turn
    FROM due LEFT JOIN busy ON busy.organization_id = due.organization_id
    WHERE coalesce(busy.here, 0) < per_organization
  ),
  locked AS MATERIALIZED (
    SELECT j.organization_id, j.id, r.here, r.turn
    FROM (SELECT * FROM ranked ORDER BY turn, priority, run_at, id LIMIT max_jobs * 8) r
    -- By all columns of jobs_claim, so that whichever index is taken finds the one row.
    JOIN jobs j ON j.queue = r.queue AND j.organization_id = r.organization_id AND j.priority = r.priority
      AND j.run_at = r.run_at AND j.id = r.id
    WHERE j.state = 'queued'
    ORDER BY r.turn, r.priority, r.run_at, r.id
    LIMIT max_jobs
    FOR UPDATE OF j SKIP LOCKED
  ),
  kept AS MATERIALIZED (
    SELECT l.organization_id, l.id,
           l.here + row_number() OVER (PARTITION BY l.organization_id ORDER BY l.turn) AS slot
    FROM locked l
  )
  UPDATE jobs j
  SET state = 'running', attempts = j.attempts + 1, worker = worker_name, lease_until = moment + lease, started_at = moment
  FROM kept k
  WHERE k.slot <= per_organization AND j.organization_id = k.organization_id AND j.id = k.id
  RETURNING j.*;
END $$;

-- Keeps leases, writes progress, and answers which of its jobs the worker still holds and which it shall stop.
-- A lease is written anew when a third of it is gone; a row is written only if something changes.
CREATE FUNCTION job_heartbeat(worker_name text, ids uuid[], done bigint[], total bigint[], lease interval)
  RETURNS TABLE (job_id uuid, attempt integer, cancel_requested boolean)
  LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp
  SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off SET jit = off
AS $$
BEGIN
  UPDATE jobs j
  SET lease_until = clock_timestamp() + lease, progress_done = coalesce(beat.done, j.progress_done),
      progress_total = CASE WHEN beat.done IS NULL THEN j.progress_total ELSE beat.total END
  FROM unnest(ids, done, total) AS beat (id, done, total)
  WHERE j.state = 'running' AND j.worker = worker_name AND j.id = beat.id
    AND (beat.done IS NOT NULL OR j.lease_until < clock_timestamp() + lease * 2 / 3);
  RETURN QUERY SELECT j.id, j.attempts, j.cancel_requested_at IS NOT NULL
  FROM jobs j WHERE j.state = 'running' AND j.worker = worker_name;
END $$;

-- Takes the jobs of workers that stopped answering. The lost attempt counts, so that a job that kills its worker ends
-- dead; otherwise it waits a random time up to the back-off of its attempt, as regulars_jobs::Backoff says.
CREATE FUNCTION job_sweep(backoff_base interval, backoff_cap interval)
  RETURNS TABLE (job_id uuid, job_kind text, new_state text)
  LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp
  SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off SET jit = off
AS $$
DECLARE
  moment timestamptz := clock_timestamp();
BEGIN
  RETURN QUERY
  WITH lost AS MATERIALIZED (
    SELECT j.organization_id, j.id,
           CASE WHEN j.cancel_requested_at IS NOT NULL THEN 'cancelled'
                WHEN j.attempts >= j.max_attempts THEN 'dead'
                WHEN j.key IS NOT NULL AND EXISTS (
                  SELECT FROM jobs twin WHERE twin.organization_id = j.organization_id AND twin.kind = j.kind
                    AND twin.key = j.key AND twin.state = 'queued') THEN 'cancelled'
                ELSE 'queued' END AS next_state
    FROM jobs j WHERE j.state = 'running' AND j.lease_until < moment
    ORDER BY j.lease_until LIMIT 1000 FOR UPDATE OF j SKIP LOCKED
  )
  UPDATE jobs j
  SET state = lost.next_state, worker = NULL, lease_until = NULL,
      error = 'the worker stopped answering',
      finished_at = CASE WHEN lost.next_state = 'queued' THEN NULL ELSE moment END,
      run_at = moment
        + least(backoff_base * power(2, least(greatest(j.attempts - 1, 0), 30)), backoff_cap) * random()
  FROM lost WHERE j.organization_id = lost.organization_id AND j.id = lost.id
  RETURNING j.id, j.kind, j.state;
END $$;

-- Forgets what was over long ago, some rows at a time. Answers how many.
CREATE FUNCTION job_forget(keep_finished interval, keep_dead interval, max_jobs integer)
  RETURNS bigint LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp
  SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off SET jit = off
AS $$
DECLARE
  moment timestamptz := clock_timestamp();
  forgotten bigint;
BEGIN
  WITH old AS MATERIALIZED (
    SELECT j.organization_id, j.id FROM jobs j
    WHERE j.finished_at < moment - least(keep_finished, keep_dead)
      AND j.finished_at < moment - CASE WHEN j.state = 'dead' THEN keep_dead ELSE keep_finished END
    ORDER BY j.finished_at LIMIT max_jobs FOR UPDATE OF j SKIP LOCKED
  )
  DELETE FROM jobs j USING old WHERE j.organization_id = old.organization_id AND j.id = old.id;
  GET DIAGNOSTICS forgotten = ROW_COUNT;
  RETURN forgotten;
END $$;

-- How many jobs wait, run and are dead, over all organizations, for the metrics.
CREATE FUNCTION job_counts() RETURNS TABLE (queue_name text, queued bigint, running bigint, dead bigint)
  LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp SET enable_seqscan = off
AS $$
  SELECT queue, sum(queued)::bigint, sum(running)::bigint, sum(dead)::bigint FROM (
    SELECT queue, count(*) AS queued, 0 AS running, 0 AS dead FROM jobs WHERE state = 'queued' GROUP BY queue
    UNION ALL SELECT queue, 0, count(*), 0 FROM jobs WHERE state = 'running' GROUP BY queue
    UNION ALL SELECT queue, 0, 0, count(*) FROM jobs WHERE state = 'dead' GROUP BY queue
  ) counts GROUP BY queue
$$;

ALTER FUNCTION job_claim(text, text[], integer, interval, integer, uuid) OWNER TO regulars_definer;
ALTER FUNCTION job_heartbeat(text, uuid[], bigint[], bigint[], interval) OWNER TO regulars_definer;
ALTER FUNCTION job_sweep(interval, interval) OWNER TO regulars_definer;
ALTER FUNCTION job_forget(interval, interval, integer) OWNER TO regulars_definer;
ALTER FUNCTION job_counts() OWNER TO regulars_definer;
REVOKE ALL ON FUNCTION job_claim, job_heartbeat, job_sweep, job_forget, job_counts FROM PUBLIC;
GRANT EXECUTE ON FUNCTION job_claim, job_heartbeat, job_sweep, job_forget, job_counts TO regulars_app;

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
