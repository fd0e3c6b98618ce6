-- Since when whoever wrote a note last has been at it: what they change in one sitting is one version.
-- Which members a note mentions, and who of them has seen it.
-- Lock: waits until writes to notes and memberships that are under way are done, and lets none begin for milliseconds.
ALTER TABLE notes ADD COLUMN sitting_at timestamptz;

CREATE TABLE note_mentions (
  organization_id uuid NOT NULL,
  note_id uuid NOT NULL,
  user_id uuid NOT NULL,
  actor_kind text NOT NULL,
  actor_id uuid,
  mentioned_at timestamptz NOT NULL DEFAULT now(),
  read_at timestamptz,
  PRIMARY KEY (organization_id, note_id, user_id)
);
ALTER TABLE note_mentions ADD CONSTRAINT note_mentions_note FOREIGN KEY (organization_id, note_id) REFERENCES notes (organization_id, id) ON DELETE CASCADE;
ALTER TABLE note_mentions ADD CONSTRAINT note_mentions_user FOREIGN KEY (organization_id, user_id) REFERENCES memberships (organization_id, user_id) ON DELETE CASCADE;
CREATE INDEX note_mentions_user ON note_mentions (organization_id, user_id, mentioned_at, note_id);
CREATE INDEX note_mentions_unread ON note_mentions (organization_id, user_id) WHERE read_at IS NULL;
CALL protect_tenant_table('note_mentions');
