-- Bulk work on many customers as a job, and the filters by birthday and by “nobody looks after it”.
-- Lock: customers exclusively while birthday_day is written into each row, about 20 s at a million customers; the
-- index after it 2 s. Everything else: new objects only.

-- What a job of the kind customers.bulk does, and how far it came: each batch notes it in its own transaction, so that
-- work that was killed goes on behind the last batch. Kept as long as the job is.
CREATE TABLE customer_bulks (
  organization_id uuid NOT NULL,
  job_id uuid NOT NULL,
  -- The change, as it was asked for, without the customers.
  work jsonb NOT NULL,
  -- To whom: these, or whoever a question to the list selects.
  ids uuid[],
  query jsonb,
  -- What the search in the question meant when it was asked.
  patterns jsonb,
  -- Customers made after it was asked for are not meant: ids rise with time.
  until_id uuid NOT NULL,
  after_id uuid,
  total bigint,
  done bigint NOT NULL DEFAULT 0,
  changed bigint NOT NULL DEFAULT 0,
  refused bigint NOT NULL DEFAULT 0,
  created_at timestamptz NOT NULL DEFAULT now(),
  finished_at timestamptz,
  PRIMARY KEY (organization_id, job_id),
  CHECK ((ids IS NULL) <> (query IS NULL))
);
ALTER TABLE customer_bulks ADD CONSTRAINT customer_bulks_organization FOREIGN KEY (organization_id) REFERENCES organizations ON DELETE CASCADE;
ALTER TABLE customer_bulks ADD CONSTRAINT customer_bulks_job FOREIGN KEY (organization_id, job_id) REFERENCES jobs (organization_id, id) ON DELETE CASCADE;
CALL protect_tenant_table('customer_bulks');

-- Month and day as one number, 1224 for Christmas Eve. A column and not an index on an expression: behind row-level
-- security an index serves only what is leakproof, and taking a date apart is not.
ALTER TABLE customers ADD COLUMN birthday_day smallint
  GENERATED ALWAYS AS ((extract(month FROM birthday) * 100 + extract(day FROM birthday))::smallint) STORED;
CREATE INDEX customers_birthday ON customers (organization_id, birthday_day) WHERE birthday_day IS NOT NULL AND deleted_at IS NULL;

-- As in migration 0005, and besides
--   "unowned"  true: whoever nobody looks after, beside those that "in" names by their owner
--   "birthday" [from, until]: month and day as a number, both included, over the turn of the year if the first is larger
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
    IF entry.key NOT IN ('email', 'phone') THEN
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
