-- Carts, of which a checkout is one that has reached the checkout; below, stock by location.
-- Lock: new objects only; customers for milliseconds while the foreign key is added. Time: milliseconds.

CREATE TABLE carts (
  organization_id uuid NOT NULL,
  id uuid NOT NULL,
  version integer NOT NULL DEFAULT 1,
  source text NOT NULL CHECK (source ~ '^[a-z][a-z0-9_]{0,39}$'),
  external_id text NOT NULL CHECK (external_id <> '' AND length(external_id) <= 200),
  -- Null: nobody is known to have filled it.
  customer_id uuid,
  -- False: only the order that came of it, or its deletion, was told so far.
  is_known boolean NOT NULL DEFAULT false,
  -- The versions of its source that what is in it, how the buyer is reached, and who that is are from; null: whoever told gave none.
  content_version timestamptz,
  content_sequence text,
  buyer_version timestamptz,
  buyer_sequence text,
  customer_version timestamptz,
  customer_sequence text,
  currency text NOT NULL CHECK (currency ~ '^[A-Z]{3}$'),
  total numeric(20, 4) NOT NULL DEFAULT 0 CHECK (total >= 0),
  -- [{external_id, product_external_id, variant_external_id, sku, title, variant_title, quantity, price, total}]
  lines jsonb NOT NULL DEFAULT '[]',
  items integer NOT NULL DEFAULT 0,
  email text,
  -- Where the buyer goes on with it.
  recovery_url text,
  -- The earliest time that was told of each.
  started_at timestamptz,
  checkout_started_at timestamptz,
  completed_at timestamptz,
  -- The order that came of it, by its id in the source.
  order_external_id text CHECK (order_external_id <> '' AND length(order_external_id) <= 200),
  -- The latest time at which it was told to have changed.
  last_active_at timestamptz,
  -- How far it came, whatever the time.
  stage text NOT NULL DEFAULT 'empty' CHECK (stage IN ('cart', 'empty', 'checkout', 'converted')),
  -- Which facts stand in events already.
  told text[] NOT NULL DEFAULT '{}',
  deleted_at timestamptz,
  created_at timestamptz NOT NULL DEFAULT now(),
  updated_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (organization_id, id)
);
ALTER TABLE carts ADD CONSTRAINT carts_organization FOREIGN KEY (organization_id) REFERENCES organizations ON DELETE CASCADE;
ALTER TABLE carts ADD CONSTRAINT carts_customer FOREIGN KEY (organization_id, customer_id) REFERENCES customers (organization_id, id) ON DELETE SET NULL (customer_id);
CREATE UNIQUE INDEX carts_external ON carts (organization_id, source, external_id);
CREATE INDEX carts_customer ON carts (organization_id, customer_id, last_active_at, id) WHERE customer_id IS NOT NULL;
CREATE INDEX carts_active ON carts (organization_id, last_active_at, id) INCLUDE (stage, items, source) WHERE is_known AND deleted_at IS NULL;
CREATE INDEX carts_stage ON carts (organization_id, stage, last_active_at, id) INCLUDE (items, source) WHERE is_known AND deleted_at IS NULL;
CREATE INDEX carts_order ON carts (organization_id, source, order_external_id) WHERE order_external_id IS NOT NULL;
CREATE TRIGGER stamp BEFORE UPDATE ON carts FOR EACH ROW EXECUTE FUNCTION stamp_updated();
CALL protect_tenant_table('carts');

-- Stock by location: which thing of the stock a variant is, where there is stock, and how much of what is there.
-- Lock: ACCESS EXCLUSIVE on product_variants while its column is checked and its index is built (about a second for a million; nobody
-- reads or writes variants meanwhile).
ALTER TABLE product_variants ADD COLUMN inventory_item_id text CHECK (inventory_item_id <> '' AND length(inventory_item_id) <= 200);
CREATE INDEX product_variants_item ON product_variants (organization_id, inventory_item_id) WHERE inventory_item_id IS NOT NULL;

-- What is counted. One that nobody told of is counted as well.
CREATE TABLE inventory_items (
  organization_id uuid NOT NULL,
  source text NOT NULL CHECK (source ~ '^[a-z][a-z0-9_]{0,39}$'),
  external_id text NOT NULL CHECK (external_id <> '' AND length(external_id) <= 200),
  source_version timestamptz,
  source_sequence text,
  is_tracked boolean NOT NULL DEFAULT true,
  deleted_at timestamptz,
  PRIMARY KEY (organization_id, source, external_id)
);
ALTER TABLE inventory_items ADD CONSTRAINT inventory_items_organization FOREIGN KEY (organization_id) REFERENCES organizations ON DELETE CASCADE;
CALL protect_tenant_table('inventory_items');

CREATE TABLE stock_locations (
  organization_id uuid NOT NULL,
  source text NOT NULL CHECK (source ~ '^[a-z][a-z0-9_]{0,39}$'),
  external_id text NOT NULL CHECK (external_id <> '' AND length(external_id) <= 200),
  source_version timestamptz,
  source_sequence text,
  name text,
  is_active boolean NOT NULL DEFAULT true,
  deleted_at timestamptz,
  PRIMARY KEY (organization_id, source, external_id)
);
ALTER TABLE stock_locations ADD CONSTRAINT stock_locations_organization FOREIGN KEY (organization_id) REFERENCES organizations ON DELETE CASCADE;
CALL protect_tenant_table('stock_locations');

-- Known by what it is of and where, whichever of these is told first.
CREATE TABLE stock_levels (
  organization_id uuid NOT NULL,
  source text NOT NULL CHECK (source ~ '^[a-z][a-z0-9_]{0,39}$'),
  inventory_item_id text NOT NULL CHECK (inventory_item_id <> '' AND length(inventory_item_id) <= 200),
  location_external_id text NOT NULL CHECK (location_external_id <> '' AND length(location_external_id) <= 200),
  source_version timestamptz,
  source_sequence text,
  -- Null: not counted there.
  available integer,
  -- False: it is not kept there any more.
  is_stocked boolean NOT NULL DEFAULT true,
  PRIMARY KEY (organization_id, source, inventory_item_id, location_external_id)
);
ALTER TABLE stock_levels ADD CONSTRAINT stock_levels_organization FOREIGN KEY (organization_id) REFERENCES organizations ON DELETE CASCADE;
CALL protect_tenant_table('stock_levels');
