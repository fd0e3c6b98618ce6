-- Exports that were begun and left are swept; files are found that nobody will ask for.
-- Lock: new functions only. Time: milliseconds.

-- As before, and now also exports whose job was killed once too often.
CREATE OR REPLACE FUNCTION exchange_expired(imports_before timestamptz, at_most integer)
  RETURNS TABLE (organization_id uuid, id uuid, what text)
  LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp
AS $$
  (SELECT organization_id, id, 'export' FROM exports
   WHERE expires_at < now() OR (state IN ('queued', 'running') AND created_at < imports_before) LIMIT at_most)
  UNION ALL
  (SELECT organization_id, id, 'import' FROM imports
   WHERE state IN ('uploaded', 'planning', 'planned', 'applying', 'failed') AND updated_at < imports_before LIMIT at_most)
$$;

-- Of these ids, of any organization, those of imports and exports that still need their file. Gives nothing but what it was
-- given.
CREATE FUNCTION exchange_needed(ids uuid[]) RETURNS SETOF uuid
  LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp
AS $$
  SELECT i.id FROM imports i WHERE i.id = ANY (ids) AND i.state NOT IN ('done', 'cancelled')
  UNION ALL
  SELECT e.id FROM exports e WHERE e.id = ANY (ids) AND e.state IN ('queued', 'running', 'done')
$$;
ALTER FUNCTION exchange_needed(uuid[]) OWNER TO regulars_definer;
REVOKE ALL ON FUNCTION exchange_needed(uuid[]) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION exchange_needed(uuid[]) TO regulars_app;
