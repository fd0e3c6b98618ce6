-- Imports that nobody went on with are swept; words of names that nobody has any more are found.
-- Lock: new functions only. Time: milliseconds.

-- As before, and now also what was begun and left: a command line that was killed and never given again.
CREATE OR REPLACE FUNCTION exchange_expired(imports_before timestamptz, at_most integer)
  RETURNS TABLE (organization_id uuid, id uuid, what text)
  LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp
AS $$
  (SELECT organization_id, id, 'export' FROM exports WHERE expires_at < now() LIMIT at_most)
  UNION ALL
  (SELECT organization_id, id, 'import' FROM imports
   WHERE state IN ('uploaded', 'planning', 'planned', 'applying', 'failed') AND updated_at < imports_before LIMIT at_most)
$$;

-- Of these words (letters and digits, three or more) those that no living customer's names, e-mail address or code
-- contain. Both questions are answered by an index: the first by customers_name for words that begin a name, which are
-- most and would have long posting lists; the second by customers_search. See 0005 for why it runs as the definer.
CREATE FUNCTION unused_name_tokens(words text[]) RETURNS SETOF text
  LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = public, pg_temp
  SET plan_cache_mode = force_custom_plan SET max_parallel_workers_per_gather = 0 SET enable_seqscan = off AS $$
DECLARE
  organization uuid := current_organization();
  word text;
BEGIN
  IF organization IS NULL THEN
    RETURN;
  END IF;
  FOREACH word IN ARRAY words LOOP
    CONTINUE WHEN EXISTS (SELECT FROM customers c WHERE c.organization_id = organization AND c.deleted_at IS NULL
      AND c.sort_name >= word AND c.sort_name < word || chr(1114111));
    CONTINUE WHEN EXISTS (SELECT FROM customers c WHERE c.organization_id = organization AND c.deleted_at IS NULL
      AND c.search_text LIKE '%' || word || '%');
    RETURN NEXT word;
  END LOOP;
END $$;
ALTER FUNCTION unused_name_tokens(text[]) OWNER TO regulars_definer;
REVOKE ALL ON FUNCTION unused_name_tokens(text[]) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION unused_name_tokens(text[]) TO regulars_app;
