-- Connections that are switched off, and what is tried again, for their pages.
-- Lock: connections, to add a column without a value; webhook_events, against writes, while the index is built over what
-- is queued. Time: milliseconds; the inbox keeps 90 days, which are read once.

ALTER TABLE connections ADD COLUMN disabled_at timestamptz;

CREATE INDEX webhook_events_retrying ON webhook_events (organization_id, connection_id, id) WHERE state = 'queued' AND attempts > 0;
