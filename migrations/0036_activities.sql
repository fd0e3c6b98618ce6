-- What visitors and customers did, by month; visitors that turned out to be customers; keys that a browser may hold.
-- Lock: new objects; api_keys and customers for milliseconds (new columns with constant defaults, a trigger made anew). Time: milliseconds.

-- An activity is known by its id and its time: PostgreSQL keeps a key of a partitioned table only together with what divides it.
CREATE TABLE activities (
  organization_id uuid NOT NULL,
  id uuid NOT NULL,
  occurred_at timestamptz NOT NULL,
  received_at timestamptz NOT NULL DEFAULT now(),
  kind text NOT NULL CHECK (kind ~ '^[a-z][a-z_]{0,39}$'),
  -- Of a custom one.
  name text,
  -- Null: nobody knows yet whose it is. No foreign key: it would be asked for every row, and customers are never erased while it counts.
  customer_id uuid,
  visitor_id text,
  session_id text,
  url text,
  title text,
  referrer text,
  utm jsonb,
  -- Ids in the source, as those of orders and products are.
  product_id text,
  order_id text,
  query text,
  amount numeric(20, 4),
  currency text CHECK (currency ~ '^[A-Z]{3}$'),
  user_agent text,
  -- Cut off as the organization wants it before it is stored.
  ip inet,
  geo jsonb,
  data jsonb,
  -- By which key it came, and whether that is one that browsers hold.
  key_id uuid,
  from_browser boolean NOT NULL DEFAULT false,
  PRIMARY KEY (organization_id, id, occurred_at)
) PARTITION BY RANGE (occurred_at);
ALTER TABLE activities ADD CONSTRAINT activities_organization FOREIGN KEY (organization_id) REFERENCES organizations ON DELETE CASCADE;
CREATE INDEX activities_timeline ON activities (organization_id, customer_id, occurred_at DESC, id DESC) WHERE customer_id IS NOT NULL;
CREATE INDEX activities_visitor ON activities (organization_id, visitor_id) WHERE customer_id IS NULL AND visitor_id IS NOT NULL;
CALL protect_tenant_table('activities');
-- Nothing is refused because its month is not there.
CREATE TABLE activities_other PARTITION OF activities DEFAULT;
CALL protect_tenant_table('activities_other');

-- Makes the months that come and drops those that no organization may keep any more (regulars_activities::model::LONGEST_DAYS,
-- 1,096 days). Only the owner of a table may do it. A month whose rows lie in activities_other already stays there. It
-- waits three seconds at most for its locks, because everybody else would wait behind it; it is tried again.
CREATE FUNCTION activities_keep_months() RETURNS void
  LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp SET lock_timeout = '3s' SET "TimeZone" = 'UTC'
AS $$
DECLARE
  this_month date := date_trunc('month', now());
  month date;
  part text;
BEGIN
  IF NOT pg_try_advisory_xact_lock(hashtextextended('activities_keep_months', 0)) THEN
    RETURN;
  END IF;
  FOR month IN SELECT generate_series(this_month - interval '3 months', this_month + interval '3 months', interval '1 month') LOOP
    part := 'activities_' || to_char(month, 'YYYYMM');
    CONTINUE WHEN to_regclass('public.' || part) IS NOT NULL;
    BEGIN
      EXECUTE format('CREATE TABLE %I (LIKE activities INCLUDING DEFAULTS INCLUDING CONSTRAINTS)', part);
      CALL protect_tenant_table(part);
      EXECUTE format('ALTER TABLE activities ATTACH PARTITION %I FOR VALUES FROM (%L) TO (%L)',
        part, month || ' 00:00:00+00', (month + interval '1 month')::date || ' 00:00:00+00');
    EXCEPTION WHEN check_violation THEN
      NULL;
    END;
  END LOOP;
  FOR part IN
    SELECT c.relname FROM pg_catalog.pg_inherits i JOIN pg_catalog.pg_class c ON c.oid = i.inhrelid
    WHERE i.inhparent = 'public.activities'::regclass AND c.relname ~ '^activities_[0-9]{6}$'
      AND to_date(substr(c.relname, 12), 'YYYYMM') + interval '1 month' < now() - interval '1096 days'
  LOOP
    EXECUTE format('DROP TABLE %I', part);
  END LOOP;
END $$;
REVOKE ALL ON FUNCTION activities_keep_months() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION activities_keep_months() TO regulars_app;
SELECT activities_keep_months();

-- Whose a visitor was found to be. There is no row for those of whom nobody knows.
CREATE TABLE visitors (
  organization_id uuid NOT NULL,
  visitor_id text NOT NULL CHECK (visitor_id <> '' AND length(visitor_id) <= 100),
  customer_id uuid NOT NULL,
  joined_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (organization_id, visitor_id)
);
ALTER TABLE visitors ADD CONSTRAINT visitors_customer FOREIGN KEY (organization_id, customer_id) REFERENCES customers (organization_id, id) ON DELETE CASCADE;
CREATE INDEX visitors_customer ON visitors (organization_id, customer_id);
CALL protect_tenant_table('visitors');

-- What an organization wants otherwise than the defaults.
CREATE TABLE activity_settings (
  organization_id uuid NOT NULL,
  version integer NOT NULL DEFAULT 1,
  ip text NOT NULL DEFAULT 'truncated' CHECK (ip IN ('full', 'truncated', 'none')),
  -- {"page_view": 90}: days, of the kinds that are kept for another time than by default.
  retention_days jsonb NOT NULL DEFAULT '{}' CHECK (jsonb_typeof(retention_days) = 'object'),
  updated_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (organization_id)
);
ALTER TABLE activity_settings ADD CONSTRAINT activity_settings_organization FOREIGN KEY (organization_id) REFERENCES organizations ON DELETE CASCADE;
CREATE TRIGGER stamp BEFORE UPDATE ON activity_settings FOR EACH ROW EXECUTE FUNCTION stamp_updated();
CALL protect_tenant_table('activity_settings');

-- Keys that a browser may hold: they may tell of activities and nothing else. Null origins: a key that is kept secret.
ALTER TABLE api_keys
  ADD COLUMN origins text[] CHECK (cardinality(origins) BETWEEN 1 AND 50),
  ADD COLUMN rate_per_minute integer CHECK (rate_per_minute BETWEEN 1 AND 1000000),
  -- With it the shop's server signs who somebody is. It is kept as it is: a signature cannot be checked against a hash.
  ADD COLUMN identity_secret text CHECK (length(identity_secret) BETWEEN 20 AND 200);

-- When a customer was last active is noted without a new version: nobody changed the record, and whoever has it open must
-- not be told that somebody did. crates/database/tests/it/catalogue.rs sees to it that columns added later are stamped.
DO $$
BEGIN
  DROP TRIGGER stamp ON customers;
  EXECUTE format('CREATE TRIGGER stamp BEFORE UPDATE OF %s ON customers FOR EACH ROW EXECUTE FUNCTION stamp_updated()',
    (SELECT string_agg(quote_ident(attname), ', ' ORDER BY attnum) FROM pg_attribute
     WHERE attrelid = 'customers'::regclass AND attnum > 0 AND NOT attisdropped AND attgenerated = '' AND attname <> 'last_active_at'));
END $$;
