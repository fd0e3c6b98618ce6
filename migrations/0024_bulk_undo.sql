-- Events say which bulk change they belong to, so that it can be taken back; a bulk change says what took it back.
-- Lock: waits until those who read or write events are done, and lets none begin for milliseconds.
ALTER TABLE events ADD COLUMN bulk_id uuid;
ALTER TABLE customer_bulks ADD COLUMN undone_by uuid;
