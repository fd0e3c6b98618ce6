-- The customer record.
-- Lock: new objects only. Time: milliseconds.

CREATE SEQUENCE customer_codes;
GRANT USAGE ON SEQUENCE customer_codes TO regulars_app;

CREATE TABLE customers (
  organization_id uuid NOT NULL,
  id uuid NOT NULL,
  version integer NOT NULL DEFAULT 1,
  code text NOT NULL DEFAULT 'C-' || to_char(nextval('customer_codes'), 'FM999999999000000'),
  kind text NOT NULL DEFAULT 'person' CHECK (kind IN ('person', 'company')),
  email text,
  email_lowercase text COLLATE "C" GENERATED ALWAYS AS (lower(email)) STORED,
  phone text CHECK (phone ~ '^\+[0-9]{4,15}$'),
  first_name text,
  last_name text,
  full_name text GENERATED ALWAYS AS (
    CASE WHEN kind = 'company' AND coalesce(company_name, legal_name) IS NOT NULL THEN coalesce(company_name, legal_name)
         ELSE coalesce(nullif(btrim(coalesce(first_name, '') || ' ' || coalesce(last_name, '')), ''), company_name, legal_name)
    END) STORED,
  birthday date,
  company_name text,
  legal_name text,
  industry text,
  tax_id text,
  status text NOT NULL DEFAULT 'active' CHECK (status IN ('active', 'inactive', 'prospect', 'vip', 'blocked', 'pending', 'churned')),
  type text NOT NULL DEFAULT 'registered' CHECK (type IN ('guest', 'registered', 'wholesale', 'affiliate')),
  lifecycle_stage text NOT NULL DEFAULT 'prospect' CHECK (lifecycle_stage IN ('prospect', 'new', 'active', 'loyal', 'at_risk', 'dormant', 'lost')),
  parent_id uuid CHECK (parent_id <> id),
  owner_id uuid,
  priority text NOT NULL DEFAULT 'normal' CHECK (priority IN ('low', 'normal', 'high', 'urgent')),
  service_level text NOT NULL DEFAULT 'standard' CHECK (service_level IN ('standard', 'silver', 'gold', 'platinum')),
  credit_limit numeric(14, 2) CHECK (credit_limit >= 0),
  locale text,
  time_zone text,
  attributes jsonb NOT NULL DEFAULT '{}' CHECK (jsonb_typeof(attributes) = 'object'),
  note text,
  internal_note text,
  -- Of the default address; kept by the use cases that change addresses, for the directory's column and filter.
  country text CHECK (country ~ '^[A-Z]{2}$'),
  city text,
  last_active_at timestamptz,
  created_at timestamptz NOT NULL DEFAULT now(),
  updated_at timestamptz NOT NULL DEFAULT now(),
  deleted_at timestamptz,
  -- Folded (kernel::text::fold) by the store, so that a query folded the same way meets it.
  sort_name text COLLATE "C" NOT NULL DEFAULT '',
  search_text text COLLATE "C" NOT NULL DEFAULT '',
  PRIMARY KEY (organization_id, id)
);
ALTER TABLE customers ADD CONSTRAINT customers_organization FOREIGN KEY (organization_id) REFERENCES organizations ON DELETE CASCADE;
ALTER TABLE customers ADD CONSTRAINT customers_parent FOREIGN KEY (organization_id, parent_id) REFERENCES customers (organization_id, id);
ALTER TABLE customers ADD CONSTRAINT customers_owner FOREIGN KEY (organization_id, owner_id) REFERENCES memberships (organization_id, user_id) ON DELETE SET NULL (owner_id);
CREATE UNIQUE INDEX customers_email ON customers (organization_id, email_lowercase) WHERE deleted_at IS NULL AND email_lowercase IS NOT NULL;
CREATE UNIQUE INDEX customers_code ON customers (organization_id, code);
CREATE INDEX customers_phone ON customers (organization_id, phone) WHERE phone IS NOT NULL;
CREATE INDEX customers_created ON customers (organization_id, created_at, id) WHERE deleted_at IS NULL;
CREATE INDEX customers_updated ON customers (organization_id, updated_at, id) WHERE deleted_at IS NULL;
CREATE INDEX customers_name ON customers (organization_id, sort_name, id) WHERE deleted_at IS NULL;
CREATE INDEX customers_status ON customers (organization_id, status, created_at, id) WHERE deleted_at IS NULL;
CREATE INDEX customers_type ON customers (organization_id, type, created_at, id) WHERE deleted_at IS NULL;
CREATE INDEX customers_stage ON customers (organization_id, lifecycle_stage, created_at, id) WHERE deleted_at IS NULL;
CREATE INDEX customers_country ON customers (organization_id, country, created_at, id) WHERE deleted_at IS NULL AND country IS NOT NULL;
CREATE INDEX customers_owner ON customers (organization_id, owner_id, created_at, id) WHERE owner_id IS NOT NULL;
CREATE INDEX customers_parent ON customers (organization_id, parent_id) WHERE parent_id IS NOT NULL;
CREATE INDEX customers_deleted ON customers (organization_id, deleted_at, id) WHERE deleted_at IS NOT NULL;
CREATE INDEX customers_search ON customers USING gin (search_text gin_trgm_ops) WITH (gin_pending_list_limit = 65536);
CREATE INDEX customers_attributes ON customers USING gin (attributes jsonb_path_ops) WITH (gin_pending_list_limit = 65536) WHERE attributes <> '{}';
CREATE TRIGGER stamp BEFORE UPDATE ON customers FOR EACH ROW EXECUTE FUNCTION stamp_updated();
CALL protect_tenant_table('customers');
CALL let_definer_read('customers');

CREATE TABLE contacts (
  organization_id uuid NOT NULL,
  id uuid NOT NULL,
  customer_id uuid NOT NULL,
  version integer NOT NULL DEFAULT 1,
  first_name text,
  last_name text,
  full_name text GENERATED ALWAYS AS (nullif(btrim(coalesce(first_name, '') || ' ' || coalesce(last_name, '')), '')) STORED,
  email text,
  email_lowercase text COLLATE "C" GENERATED ALWAYS AS (lower(email)) STORED,
  phone text CHECK (phone ~ '^\+[0-9]{4,15}$'),
  title text,
  department text,
  is_primary boolean NOT NULL DEFAULT false,
  is_decision_maker boolean NOT NULL DEFAULT false,
  is_influencer boolean NOT NULL DEFAULT false,
  note text,
  last_contacted_at timestamptz,
  created_at timestamptz NOT NULL DEFAULT now(),
  updated_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (organization_id, id)
);
ALTER TABLE contacts ADD CONSTRAINT contacts_customer FOREIGN KEY (organization_id, customer_id) REFERENCES customers (organization_id, id) ON DELETE CASCADE;
CREATE INDEX contacts_customer ON contacts (organization_id, customer_id, id);
CREATE UNIQUE INDEX contacts_primary ON contacts (organization_id, customer_id) WHERE is_primary;
CREATE INDEX contacts_email ON contacts (organization_id, email_lowercase) WHERE email_lowercase IS NOT NULL;
CREATE TRIGGER stamp BEFORE UPDATE ON contacts FOR EACH ROW EXECUTE FUNCTION stamp_updated();
CALL protect_tenant_table('contacts');

CREATE TABLE addresses (
  organization_id uuid NOT NULL,
  id uuid NOT NULL,
  customer_id uuid NOT NULL,
  version integer NOT NULL DEFAULT 1,
  type text NOT NULL DEFAULT 'both' CHECK (type IN ('shipping', 'billing', 'both')),
  is_default boolean NOT NULL DEFAULT false,
  name text,
  company text,
  line1 text,
  line2 text,
  city text,
  province text,
  postal_code text,
  country text CHECK (country ~ '^[A-Z]{2}$'),
  phone text CHECK (phone ~ '^\+[0-9]{4,15}$'),
  latitude double precision CHECK (latitude BETWEEN -90 AND 90),
  longitude double precision CHECK (longitude BETWEEN -180 AND 180),
  time_zone text,
  created_at timestamptz NOT NULL DEFAULT now(),
  updated_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (organization_id, id)
);
ALTER TABLE addresses ADD CONSTRAINT addresses_customer FOREIGN KEY (organization_id, customer_id) REFERENCES customers (organization_id, id) ON DELETE CASCADE;
CREATE INDEX addresses_customer ON addresses (organization_id, customer_id, id);
CREATE UNIQUE INDEX addresses_default ON addresses (organization_id, customer_id) WHERE is_default;
CREATE TRIGGER stamp BEFORE UPDATE ON addresses FOR EACH ROW EXECUTE FUNCTION stamp_updated();
CALL protect_tenant_table('addresses');

-- One customer, many sources.
CREATE TABLE customer_sources (
  organization_id uuid NOT NULL,
  source text NOT NULL CHECK (source ~ '^[a-z][a-z0-9_]{0,39}$'),
  external_id text NOT NULL CHECK (external_id <> '' AND length(external_id) <= 200),
  customer_id uuid NOT NULL,
  sync_state text NOT NULL DEFAULT 'synced' CHECK (sync_state IN ('synced', 'pending', 'failed', 'detached')),
  synced_at timestamptz,
  created_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (organization_id, source, external_id)
);
ALTER TABLE customer_sources ADD CONSTRAINT customer_sources_customer FOREIGN KEY (organization_id, customer_id) REFERENCES customers (organization_id, id) ON DELETE CASCADE;
CREATE INDEX customer_sources_customer ON customer_sources (organization_id, customer_id);
CALL protect_tenant_table('customer_sources');

CREATE TABLE tags (
  organization_id uuid NOT NULL,
  id uuid NOT NULL,
  version integer NOT NULL DEFAULT 1,
  name text NOT NULL CHECK (name <> '' AND length(name) <= 60),
  name_lowercase text GENERATED ALWAYS AS (lower(name)) STORED,
  color text NOT NULL DEFAULT 'gray' CHECK (color IN ('gray', 'red', 'orange', 'amber', 'green', 'teal', 'blue', 'violet', 'pink')),
  description text,
  created_at timestamptz NOT NULL DEFAULT now(),
  updated_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (organization_id, id)
);
ALTER TABLE tags ADD CONSTRAINT tags_organization FOREIGN KEY (organization_id) REFERENCES organizations ON DELETE CASCADE;
CREATE UNIQUE INDEX tags_name ON tags (organization_id, name_lowercase);
CREATE TRIGGER stamp BEFORE UPDATE ON tags FOR EACH ROW EXECUTE FUNCTION stamp_updated();
CALL protect_tenant_table('tags');

CREATE TABLE customer_tags (
  organization_id uuid NOT NULL,
  customer_id uuid NOT NULL,
  tag_id uuid NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (organization_id, customer_id, tag_id)
);
ALTER TABLE customer_tags ADD CONSTRAINT customer_tags_customer FOREIGN KEY (organization_id, customer_id) REFERENCES customers (organization_id, id) ON DELETE CASCADE;
ALTER TABLE customer_tags ADD CONSTRAINT customer_tags_tag FOREIGN KEY (organization_id, tag_id) REFERENCES tags (organization_id, id) ON DELETE CASCADE;
CREATE INDEX customer_tags_tag ON customer_tags (organization_id, tag_id, customer_id);
CALL protect_tenant_table('customer_tags');

CREATE TABLE attribute_definitions (
  organization_id uuid NOT NULL,
  id uuid NOT NULL,
  version integer NOT NULL DEFAULT 1,
  name text NOT NULL CHECK (name ~ '^[a-z][a-z0-9_]{0,59}$'),
  label text NOT NULL CHECK (label <> ''),
  kind text NOT NULL CHECK (kind IN ('text', 'number', 'boolean', 'date', 'select', 'url', 'list')),
  options jsonb NOT NULL DEFAULT '[]',
  required boolean NOT NULL DEFAULT false,
  position integer NOT NULL DEFAULT 0,
  archived_at timestamptz,
  created_at timestamptz NOT NULL DEFAULT now(),
  updated_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (organization_id, id)
);
ALTER TABLE attribute_definitions ADD CONSTRAINT attribute_definitions_organization FOREIGN KEY (organization_id) REFERENCES organizations ON DELETE CASCADE;
CREATE UNIQUE INDEX attribute_definitions_name ON attribute_definitions (organization_id, name);
CREATE TRIGGER stamp BEFORE UPDATE ON attribute_definitions FOR EACH ROW EXECUTE FUNCTION stamp_updated();
CALL protect_tenant_table('attribute_definitions');

CREATE TABLE notes (
  organization_id uuid NOT NULL,
  id uuid NOT NULL,
  customer_id uuid NOT NULL,
  version integer NOT NULL DEFAULT 1,
  body text NOT NULL CHECK (body <> ''),
  pinned_at timestamptz,
  actor_kind text NOT NULL,
  actor_id uuid,
  created_at timestamptz NOT NULL DEFAULT now(),
  updated_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (organization_id, id)
);
ALTER TABLE notes ADD CONSTRAINT notes_customer FOREIGN KEY (organization_id, customer_id) REFERENCES customers (organization_id, id) ON DELETE CASCADE;
CREATE INDEX notes_customer ON notes (organization_id, customer_id, id);
CREATE TRIGGER stamp BEFORE UPDATE ON notes FOR EACH ROW EXECUTE FUNCTION stamp_updated();
CALL protect_tenant_table('notes');

-- What a note said before each edit.
CREATE TABLE note_versions (
  organization_id uuid NOT NULL,
  note_id uuid NOT NULL,
  version integer NOT NULL,
  body text NOT NULL,
  actor_kind text NOT NULL,
  actor_id uuid,
  created_at timestamptz NOT NULL,
  PRIMARY KEY (organization_id, note_id, version)
);
ALTER TABLE note_versions ADD CONSTRAINT note_versions_note FOREIGN KEY (organization_id, note_id) REFERENCES notes (organization_id, id) ON DELETE CASCADE;
CALL protect_tenant_table('note_versions');

-- The state of each channel; every change is also an event. Nothing but the person's own act loosens a withdrawal.
CREATE TABLE customer_consents (
  organization_id uuid NOT NULL,
  customer_id uuid NOT NULL,
  channel text NOT NULL CHECK (channel IN ('email', 'sms')),
  state text NOT NULL CHECK (state IN ('subscribed', 'unsubscribed', 'never_subscribed', 'pending')),
  source text NOT NULL,
  changed_at timestamptz NOT NULL,
  PRIMARY KEY (organization_id, customer_id, channel)
);
ALTER TABLE customer_consents ADD CONSTRAINT customer_consents_customer FOREIGN KEY (organization_id, customer_id) REFERENCES customers (organization_id, id) ON DELETE CASCADE;
CALL protect_tenant_table('customer_consents');

CREATE TABLE saved_views (
  organization_id uuid NOT NULL,
  id uuid NOT NULL,
  version integer NOT NULL DEFAULT 1,
  name text NOT NULL CHECK (name <> '' AND length(name) <= 80),
  shared boolean NOT NULL DEFAULT false,
  owner_id uuid,
  query jsonb NOT NULL,
  position integer NOT NULL DEFAULT 0,
  created_at timestamptz NOT NULL DEFAULT now(),
  updated_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (organization_id, id)
);
ALTER TABLE saved_views ADD CONSTRAINT saved_views_owner FOREIGN KEY (organization_id, owner_id) REFERENCES memberships (organization_id, user_id) ON DELETE CASCADE;
CREATE INDEX saved_views_owner ON saved_views (organization_id, owner_id);
CREATE TRIGGER stamp BEFORE UPDATE ON saved_views FOR EACH ROW EXECUTE FUNCTION stamp_updated();
CALL protect_tenant_table('saved_views');

-- Symmetric-delete dictionary for typo search (W. Garbe, SymSpell): each word of a name under itself and under every
-- form with one letter less. Words are added with the customer and swept by a job.
CREATE TABLE name_tokens (
  organization_id uuid NOT NULL,
  deletion text COLLATE "C" NOT NULL,
  token text COLLATE "C" NOT NULL,
  PRIMARY KEY (organization_id, deletion, token)
);
ALTER TABLE name_tokens ADD CONSTRAINT name_tokens_organization FOREIGN KEY (organization_id) REFERENCES organizations ON DELETE CASCADE;
CALL protect_tenant_table('name_tokens');
