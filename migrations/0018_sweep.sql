-- Lock: none that stops reads or writes.
-- The sweep of the dictionary goes through the names itself, once, instead of asking for each word.
DROP FUNCTION unused_name_tokens(text[]);

-- At a million rows the default waits for two hundred thousand dead ones. Until then every list whose beginning they
-- were walks past what is left of them in the index: after eighty thousand deletions the first page took ten times as
-- long. By the default a vacuum also leaves the indexes alone when few pages are concerned.
ALTER TABLE customers SET (autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_threshold = 1000,
  autovacuum_analyze_scale_factor = 0.02, vacuum_index_cleanup = on);
