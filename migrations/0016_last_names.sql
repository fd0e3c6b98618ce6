-- People by the last word of their name, which is what support types most, and by what a misspelt one may have meant. By
-- trigrams that took 10 ms, because the letters of common names are everywhere.
-- Lock: writes to customers wait while the index is built. Time: about 4 s for a million customers.

CREATE INDEX customers_last_name ON customers (organization_id, reverse(sort_name), id) WHERE deleted_at IS NULL;

-- Living customers whose name begins or ends with one of these words, the first word's first; so many at most. Words are
-- folded as sort_name is. `!` follows the space, so that a range is a word and whatever goes on behind it. See 0005 for
-- why it runs as the definer: reverse() is not leakproof.
CREATE FUNCTION named_customers(words text[], most integer) RETURNS TABLE (id uuid)
  LANGUAGE plpgsql STABLE SECURITY DEFINER ROWS 50
  SET search_path = public, pg_temp SET max_parallel_workers_per_gather = 0 AS $$
DECLARE
  organization uuid := current_organization();
  word text;
  counted integer;
BEGIN
  IF organization IS NULL THEN
    RETURN;
  END IF;
  FOREACH word IN ARRAY words LOOP
    RETURN QUERY SELECT c.id FROM customers c WHERE c.organization_id = organization AND c.deleted_at IS NULL
      AND c.sort_name >= word AND c.sort_name < word || '!' ORDER BY c.sort_name, c.id LIMIT most;
    GET DIAGNOSTICS counted = ROW_COUNT;
    most := most - counted;
    RETURN QUERY SELECT c.id FROM customers c WHERE c.organization_id = organization AND c.deleted_at IS NULL
      AND reverse(c.sort_name) >= reverse(word) AND reverse(c.sort_name) < reverse(word) || '!'
      ORDER BY reverse(c.sort_name), c.id LIMIT most;
    GET DIAGNOSTICS counted = ROW_COUNT;
    most := most - counted;
    EXIT WHEN most <= 0;
  END LOOP;
END $$;
ALTER FUNCTION named_customers(text[], integer) OWNER TO regulars_definer;
REVOKE ALL ON FUNCTION named_customers(text[], integer) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION named_customers(text[], integer) TO regulars_app;
