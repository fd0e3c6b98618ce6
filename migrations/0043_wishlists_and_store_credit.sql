-- Wishlists, and store credit with its ledger.
-- Lock: new objects only; customers for milliseconds while the foreign keys are added. Time: milliseconds.

CREATE TABLE wishlists (
  organization_id uuid NOT NULL,
  id uuid NOT NULL,
  version integer NOT NULL DEFAULT 1,
  source text NOT NULL CHECK (source ~ '^[a-z][a-z0-9_]{0,39}$'),
  external_id text NOT NULL CHECK (external_id <> '' AND length(external_id) <= 200),
  -- The version of its source that what is known is from; null: whoever told gave none.
  source_version timestamptz,
  source_sequence text,
  -- Null: nobody is known to wish for it.
  customer_id uuid,
  name text,
  deleted_at timestamptz,
  created_at timestamptz NOT NULL DEFAULT now(),
  updated_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (organization_id, id)
);
ALTER TABLE wishlists ADD CONSTRAINT wishlists_organization FOREIGN KEY (organization_id) REFERENCES organizations ON DELETE CASCADE;
ALTER TABLE wishlists ADD CONSTRAINT wishlists_customer FOREIGN KEY (organization_id, customer_id) REFERENCES customers (organization_id, id) ON DELETE SET NULL (customer_id);
CREATE UNIQUE INDEX wishlists_external ON wishlists (organization_id, source, external_id);
CREATE INDEX wishlists_customer ON wishlists (organization_id, customer_id, updated_at, id) WHERE customer_id IS NOT NULL;
CREATE INDEX wishlists_updated ON wishlists (organization_id, updated_at, id) WHERE deleted_at IS NULL;
CREATE TRIGGER stamp BEFORE UPDATE ON wishlists FOR EACH ROW EXECUTE FUNCTION stamp_updated();
CALL protect_tenant_table('wishlists');

-- A row a wish: which lists wish for a product is asked when its price falls or it is in stock again.
CREATE TABLE wishlist_items (
  organization_id uuid NOT NULL,
  wishlist_id uuid NOT NULL,
  -- That of its list.
  source text NOT NULL,
  product_external_id text NOT NULL CHECK (product_external_id <> '' AND length(product_external_id) <= 200),
  -- Empty: any variant of the product.
  variant_external_id text NOT NULL DEFAULT '' CHECK (length(variant_external_id) <= 200),
  position integer NOT NULL,
  sku text,
  title text NOT NULL,
  variant_title text,
  -- What it cost when it was wished for.
  price numeric(20, 4) CHECK (price >= 0),
  currency text CHECK (currency ~ '^[A-Z]{3}$'),
  added_at timestamptz NOT NULL,
  PRIMARY KEY (organization_id, wishlist_id, product_external_id, variant_external_id),
  CHECK ((price IS NULL) = (currency IS NULL))
);
ALTER TABLE wishlist_items ADD CONSTRAINT wishlist_items_list FOREIGN KEY (organization_id, wishlist_id) REFERENCES wishlists (organization_id, id) ON DELETE CASCADE;
CREATE INDEX wishlist_items_product ON wishlist_items (organization_id, source, product_external_id, variant_external_id);
CALL protect_tenant_table('wishlist_items');

-- What each customer has, by currency: the sum of the ledger, kept so that two who spend at once wait for each other here.
CREATE TABLE store_credit_balances (
  organization_id uuid NOT NULL,
  customer_id uuid NOT NULL,
  currency text NOT NULL CHECK (currency ~ '^[A-Z]{3}$'),
  balance numeric(20, 4) NOT NULL CHECK (balance >= 0),
  PRIMARY KEY (organization_id, customer_id, currency)
);
ALTER TABLE store_credit_balances ADD CONSTRAINT store_credit_balances_customer FOREIGN KEY (organization_id, customer_id) REFERENCES customers (organization_id, id) ON DELETE CASCADE;
CALL protect_tenant_table('store_credit_balances');

-- The ledger: rows are added, never changed.
CREATE TABLE store_credit_entries (
  organization_id uuid NOT NULL,
  id uuid NOT NULL,
  customer_id uuid NOT NULL,
  kind text NOT NULL CHECK (kind IN ('issued', 'refunded', 'spent', 'expired', 'withdrawn')),
  -- Above zero; the kind says whether it is more or less.
  amount numeric(20, 4) NOT NULL CHECK (amount > 0),
  currency text NOT NULL CHECK (currency ~ '^[A-Z]{3}$'),
  -- What there was after it.
  balance numeric(20, 4) NOT NULL CHECK (balance >= 0),
  note text,
  -- By which another system knows the entry: told twice, it counts once.
  source text CHECK (source ~ '^[a-z][a-z0-9_]{0,39}$'),
  external_id text CHECK (external_id <> '' AND length(external_id) <= 200),
  -- The order that it was spent on or given back for, by its id in the source.
  order_external_id text CHECK (order_external_id <> '' AND length(order_external_id) <= 200),
  occurred_at timestamptz NOT NULL,
  actor_kind text NOT NULL,
  actor_id uuid,
  created_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (organization_id, id),
  CHECK ((source IS NULL) = (external_id IS NULL))
);
ALTER TABLE store_credit_entries ADD CONSTRAINT store_credit_entries_customer FOREIGN KEY (organization_id, customer_id) REFERENCES customers (organization_id, id) ON DELETE CASCADE;
CREATE UNIQUE INDEX store_credit_entries_external ON store_credit_entries (organization_id, source, external_id) WHERE external_id IS NOT NULL;
CREATE INDEX store_credit_entries_customer ON store_credit_entries (organization_id, customer_id, id);
CALL protect_tenant_table('store_credit_entries');
