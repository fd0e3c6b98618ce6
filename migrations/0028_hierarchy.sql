-- The tree of customers: the companies at the top by name, and whoever stands below one by name, each from an index alone
-- as far as the filters go. Adding up what lies below a customer reads nothing but the second. Before, the 10,000 below one
-- were visited and sorted for each page, and all companies for the first fifty at the top.
-- Customers at the top who are persons are nearly everybody: the index of names serves them.
-- Lock: writes to customers wait while the indexes are built, which takes longer the more of them are companies or stand
-- below somebody, seconds where those are some hundred thousand; reads wait for the old index to go, milliseconds.

CREATE INDEX customers_top ON customers (organization_id, sort_name, id)
  INCLUDE (status, type, lifecycle_stage, country) WHERE deleted_at IS NULL AND parent_id IS NULL AND kind = 'company';
-- The deleted as well: what stands below them still belongs to whoever is above.
CREATE INDEX customers_children ON customers (organization_id, parent_id, sort_name, id)
  INCLUDE (deleted_at, kind, status, last_active_at, credit_limit, credit_limit_currency) WHERE parent_id IS NOT NULL;
DROP INDEX customers_parent;

-- As in migration 0008, and whether a customer stands below another is asked as well.
CREATE OR REPLACE FUNCTION customer_condition(organization uuid, patterns jsonb, filter jsonb) RETURNS text
  LANGUAGE plpgsql IMMUTABLE SET search_path = public, pg_temp AS $$
DECLARE
  condition text := format('c.organization_id = %L', organization);
  entry record;
  part text;
BEGIN
  FOR entry IN SELECT value FROM jsonb_array_elements(patterns) LOOP
    SELECT string_agg(format('c.search_text LIKE %L', pattern), ' OR ') INTO part
      FROM jsonb_array_elements_text(entry.value) AS pattern;
    condition := condition || ' AND (' || coalesce(part, 'false') || ')';
  END LOOP;

  FOR entry IN SELECT key, value FROM jsonb_each(coalesce(filter->'in', '{}')) LOOP
    IF entry.key IN ('status', 'type', 'kind', 'lifecycle_stage', 'priority', 'country') THEN
      SELECT array_agg(item)::text INTO part FROM jsonb_array_elements_text(entry.value) AS item;
      condition := condition || format(' AND c.%I = ANY (%L::text[])', entry.key, part);
    ELSIF entry.key = 'owner_id' AND filter ? 'unowned' THEN
      SELECT array_agg(item)::text INTO part FROM jsonb_array_elements_text(entry.value) AS item;
      condition := condition || format(' AND (c.owner_id IS NULL OR c.owner_id = ANY (%L::uuid[]))', part);
    ELSIF entry.key IN ('owner_id', 'parent_id') THEN
      SELECT array_agg(item)::text INTO part FROM jsonb_array_elements_text(entry.value) AS item;
      condition := condition || format(' AND c.%I = ANY (%L::uuid[])', entry.key, part);
    ELSE
      RAISE EXCEPTION 'customers cannot be filtered by %', entry.key;
    END IF;
  END LOOP;
  IF filter ? 'unowned' AND NOT coalesce(filter->'in' ? 'owner_id', false) THEN
    condition := condition || ' AND c.owner_id IS NULL';
  END IF;

  FOR entry IN SELECT key, value, '>=' AS sign FROM jsonb_each_text(coalesce(filter->'from', '{}'))
     UNION ALL SELECT key, value, '<' FROM jsonb_each_text(coalesce(filter->'until', '{}')) LOOP
    IF entry.key NOT IN ('created_at', 'updated_at', 'last_active_at') THEN
      RAISE EXCEPTION 'customers have no range of %', entry.key;
    END IF;
    condition := condition || format(' AND c.%I %s %L::timestamptz', entry.key, entry.sign, entry.value);
  END LOOP;
  IF filter ? 'birthday' THEN
    condition := condition || format(
      CASE WHEN (filter->'birthday'->>0)::smallint <= (filter->'birthday'->>1)::smallint
        THEN ' AND c.birthday_day BETWEEN %s AND %s' ELSE ' AND (c.birthday_day >= %s OR c.birthday_day <= %s)' END,
      (filter->'birthday'->>0)::smallint, (filter->'birthday'->>1)::smallint);
  END IF;

  FOR entry IN SELECT key, value FROM jsonb_each_text(coalesce(filter->'set', '{}')) LOOP
    IF entry.key NOT IN ('email', 'phone', 'parent_id') THEN
      RAISE EXCEPTION 'customers are not asked whether they have %', entry.key;
    END IF;
    condition := condition || format(' AND c.%I IS %s', entry.key, CASE WHEN entry.value::boolean THEN 'NOT NULL' ELSE 'NULL' END);
  END LOOP;

  IF filter ? 'tags' THEN
    SELECT array_agg(item)::text INTO part FROM jsonb_array_elements_text(filter->'tags') AS item;
    condition := condition || format(' AND EXISTS (SELECT FROM customer_tags ct WHERE ct.organization_id = %L
      AND ct.customer_id = c.id AND ct.tag_id = ANY (%L::uuid[]))', organization, coalesce(part, '{}'));
  END IF;
  IF filter ? 'sources' THEN
    SELECT array_agg(item)::text INTO part FROM jsonb_array_elements_text(filter->'sources') AS item;
    condition := condition || format(' AND EXISTS (SELECT FROM customer_sources cs WHERE cs.organization_id = %L
      AND cs.customer_id = c.id AND cs.source = ANY (%L::text[]))', organization, coalesce(part, '{}'));
  END IF;

  FOR entry IN SELECT value FROM jsonb_array_elements(coalesce(filter->'attributes', '[]')) LOOP
    SELECT string_agg(format('c.attributes @> %L', item), ' OR ') INTO part
      FROM jsonb_array_elements(entry.value) AS item;
    -- The second half lets the planner see that the partial index serves.
    condition := condition || ' AND (' || coalesce(part, 'false') || ') AND c.attributes <> ''{}''';
  END LOOP;

  RETURN condition || CASE filter->>'deleted'
    WHEN 'with' THEN '' WHEN 'only' THEN ' AND c.deleted_at IS NOT NULL' ELSE ' AND c.deleted_at IS NULL' END;
END $$;
