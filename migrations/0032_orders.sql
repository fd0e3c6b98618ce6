-- Orders with everything that hangs on them, products with their variants, and the figures of each customer.
-- Lock: new objects only; customers for milliseconds while the foreign keys are added. Time: milliseconds.

CREATE TABLE orders (
  organization_id uuid NOT NULL,
  id uuid NOT NULL,
  version integer NOT NULL DEFAULT 1,
  source text NOT NULL CHECK (source ~ '^[a-z][a-z0-9_]{0,39}$'),
  external_id text NOT NULL CHECK (external_id <> '' AND length(external_id) <= 200),
  -- Null: nobody is known to have ordered.
  customer_id uuid,
  -- False: only a payment, a fulfilment or a refund of it was told so far, or its deletion.
  is_known boolean NOT NULL DEFAULT false,
  -- The version of its source that its own fields and lines are from; null: whoever told it gave none.
  source_version timestamptz,
  source_sequence text,
  number text,
  -- By which it is found.
  number_key text COLLATE "C" GENERATED ALWAYS AS (lower(ltrim(number, '#'))) STORED,
  email text,
  email_lowercase text COLLATE "C" GENERATED ALWAYS AS (lower(email)) STORED,
  phone text,
  note text,
  tags text[] NOT NULL DEFAULT '{}',
  channel text,
  is_test boolean NOT NULL DEFAULT false,
  currency text NOT NULL CHECK (currency ~ '^[A-Z]{3}$'),
  -- What one of its currency was worth in base_currency.
  exchange_rate numeric(20, 10) CHECK (exchange_rate > 0),
  subtotal numeric(20, 4) NOT NULL DEFAULT 0 CHECK (subtotal >= 0),
  discount_total numeric(20, 4) NOT NULL DEFAULT 0 CHECK (discount_total >= 0),
  shipping_total numeric(20, 4) NOT NULL DEFAULT 0 CHECK (shipping_total >= 0),
  tax_total numeric(20, 4) NOT NULL DEFAULT 0 CHECK (tax_total >= 0),
  total numeric(20, 4) NOT NULL DEFAULT 0 CHECK (total >= 0),
  discounts jsonb NOT NULL DEFAULT '[]',
  taxes jsonb NOT NULL DEFAULT '[]',
  shipping_lines jsonb NOT NULL DEFAULT '[]',
  billing_address jsonb,
  shipping_address jsonb,
  placed_at timestamptz,
  cancelled_at timestamptz,
  cancel_reason text,
  closed_at timestamptz,
  -- What was said outright; what follows from payments, fulfilments and refunds may be further.
  stated_status text,
  stated_payment_status text,
  stated_fulfillment_status text,
  -- Every status that was ever said, with its time: [{status, at, actor_kind, actor_id}].
  stated_changes jsonb NOT NULL DEFAULT '[]',
  status text NOT NULL DEFAULT 'pending',
  payment_status text NOT NULL DEFAULT 'pending',
  fulfillment_status text NOT NULL DEFAULT 'unfulfilled',
  -- What it adds to its customer's figures.
  counts boolean NOT NULL DEFAULT false,
  items integer NOT NULL DEFAULT 0,
  refunded_total numeric(28, 4) NOT NULL DEFAULT 0,
  -- The organization's currency when these were reckoned; null: the rate is not known.
  base_currency text,
  total_base numeric(20, 4),
  refunded_base numeric(20, 4),
  -- By which lists are ordered and narrowed: comparing integers is leakproof, comparing numerics is not.
  total_key bigint GENERATED ALWAYS AS ((coalesce(total_base, total) * 10000)::bigint) STORED,
  -- Which facts stand in events already.
  told text[] NOT NULL DEFAULT '{}',
  deleted_at timestamptz,
  created_at timestamptz NOT NULL DEFAULT now(),
  updated_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (organization_id, id),
  CONSTRAINT orders_status CHECK (status IN ('pending', 'confirmed', 'processing', 'partially_shipped', 'shipped', 'delivered', 'completed', 'cancelled', 'returned', 'refunded')),
  CONSTRAINT orders_payment_status CHECK (payment_status IN ('pending', 'failed', 'authorized', 'voided', 'partially_paid', 'paid', 'partially_refunded', 'refunded')),
  CONSTRAINT orders_fulfillment_status CHECK (fulfillment_status IN ('unfulfilled', 'partial', 'fulfilled'))
);
ALTER TABLE orders ADD CONSTRAINT orders_organization FOREIGN KEY (organization_id) REFERENCES organizations ON DELETE CASCADE;
ALTER TABLE orders ADD CONSTRAINT orders_customer FOREIGN KEY (organization_id, customer_id) REFERENCES customers (organization_id, id) ON DELETE SET NULL (customer_id);
CREATE UNIQUE INDEX orders_external ON orders (organization_id, source, external_id);
CREATE INDEX orders_customer ON orders (organization_id, customer_id, placed_at, id) WHERE customer_id IS NOT NULL;
CREATE INDEX orders_placed ON orders (organization_id, placed_at, id) INCLUDE (status, payment_status, source, total_key) WHERE is_known AND deleted_at IS NULL;
CREATE INDEX orders_total ON orders (organization_id, total_key, id) INCLUDE (status, payment_status, source, placed_at) WHERE is_known AND deleted_at IS NULL;
CREATE INDEX orders_status ON orders (organization_id, status, placed_at, id) WHERE is_known AND deleted_at IS NULL;
CREATE INDEX orders_payment_status ON orders (organization_id, payment_status, placed_at, id) WHERE is_known AND deleted_at IS NULL;
CREATE INDEX orders_number ON orders (organization_id, number_key, id) WHERE is_known AND deleted_at IS NULL;
CREATE INDEX orders_email ON orders (organization_id, email_lowercase, id) WHERE is_known AND deleted_at IS NULL;
CREATE TRIGGER stamp BEFORE UPDATE ON orders FOR EACH ROW EXECUTE FUNCTION stamp_updated();
CALL protect_tenant_table('orders');

CREATE TABLE order_lines (
  organization_id uuid NOT NULL,
  order_id uuid NOT NULL,
  position integer NOT NULL,
  external_id text,
  product_external_id text,
  variant_external_id text,
  sku text,
  title text NOT NULL,
  variant_title text,
  brand text,
  category text,
  quantity integer NOT NULL CHECK (quantity >= 0),
  -- Of which are left after edits and returns.
  current_quantity integer NOT NULL CHECK (current_quantity >= 0),
  price numeric(20, 4) NOT NULL CHECK (price >= 0),
  discount numeric(20, 4) NOT NULL DEFAULT 0 CHECK (discount >= 0),
  tax numeric(20, 4) NOT NULL DEFAULT 0 CHECK (tax >= 0),
  total numeric(20, 4) NOT NULL CHECK (total >= 0),
  gift_card boolean NOT NULL DEFAULT false,
  requires_shipping boolean NOT NULL DEFAULT true,
  PRIMARY KEY (organization_id, order_id, position)
);
ALTER TABLE order_lines ADD CONSTRAINT order_lines_order FOREIGN KEY (organization_id, order_id) REFERENCES orders (organization_id, id) ON DELETE CASCADE;
CREATE INDEX order_lines_product ON order_lines (organization_id, product_external_id) WHERE product_external_id IS NOT NULL;
CALL protect_tenant_table('order_lines');

CREATE TABLE order_payments (
  organization_id uuid NOT NULL,
  order_id uuid NOT NULL,
  external_id text NOT NULL CHECK (external_id <> '' AND length(external_id) <= 200),
  source_version timestamptz,
  source_sequence text,
  kind text NOT NULL CHECK (kind IN ('sale', 'authorization', 'capture', 'void', 'refund')),
  state text NOT NULL CHECK (state IN ('pending', 'succeeded', 'failed', 'cancelled')),
  amount numeric(20, 4) NOT NULL CHECK (amount >= 0),
  currency text NOT NULL CHECK (currency ~ '^[A-Z]{3}$'),
  gateway text,
  method text,
  failure_code text,
  failure_reason text,
  processed_at timestamptz,
  PRIMARY KEY (organization_id, order_id, external_id)
);
ALTER TABLE order_payments ADD CONSTRAINT order_payments_order FOREIGN KEY (organization_id, order_id) REFERENCES orders (organization_id, id) ON DELETE CASCADE;
CALL protect_tenant_table('order_payments');

CREATE TABLE order_fulfillments (
  organization_id uuid NOT NULL,
  order_id uuid NOT NULL,
  external_id text NOT NULL CHECK (external_id <> '' AND length(external_id) <= 200),
  source_version timestamptz,
  source_sequence text,
  state text NOT NULL CHECK (state IN ('pending', 'shipped', 'delivered', 'cancelled', 'failed')),
  tracking_company text,
  tracking_numbers text[] NOT NULL DEFAULT '{}',
  tracking_urls text[] NOT NULL DEFAULT '{}',
  shipped_at timestamptz,
  delivered_at timestamptz,
  -- [{external_id, quantity}]; empty: all that there is.
  lines jsonb NOT NULL DEFAULT '[]',
  PRIMARY KEY (organization_id, order_id, external_id)
);
ALTER TABLE order_fulfillments ADD CONSTRAINT order_fulfillments_order FOREIGN KEY (organization_id, order_id) REFERENCES orders (organization_id, id) ON DELETE CASCADE;
CALL protect_tenant_table('order_fulfillments');

CREATE TABLE order_refunds (
  organization_id uuid NOT NULL,
  order_id uuid NOT NULL,
  external_id text NOT NULL CHECK (external_id <> '' AND length(external_id) <= 200),
  source_version timestamptz,
  source_sequence text,
  amount numeric(20, 4) NOT NULL CHECK (amount >= 0),
  reason text,
  restock boolean NOT NULL DEFAULT false,
  refunded_at timestamptz,
  lines jsonb NOT NULL DEFAULT '[]',
  PRIMARY KEY (organization_id, order_id, external_id)
);
ALTER TABLE order_refunds ADD CONSTRAINT order_refunds_order FOREIGN KEY (organization_id, order_id) REFERENCES orders (organization_id, id) ON DELETE CASCADE;
CALL protect_tenant_table('order_refunds');

CREATE TABLE products (
  organization_id uuid NOT NULL,
  id uuid NOT NULL,
  version integer NOT NULL DEFAULT 1,
  source text NOT NULL CHECK (source ~ '^[a-z][a-z0-9_]{0,39}$'),
  external_id text NOT NULL CHECK (external_id <> '' AND length(external_id) <= 200),
  source_version timestamptz,
  source_sequence text,
  title text NOT NULL DEFAULT '',
  -- Folded (kernel::text::fold), for the order of the list and the beginning of a name.
  sort_title text COLLATE "C" NOT NULL DEFAULT '',
  handle text,
  brand text,
  category text,
  status text NOT NULL DEFAULT 'active' CHECK (status IN ('active', 'draft', 'archived')),
  tags text[] NOT NULL DEFAULT '{}',
  image_url text,
  deleted_at timestamptz,
  created_at timestamptz NOT NULL DEFAULT now(),
  updated_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (organization_id, id)
);
ALTER TABLE products ADD CONSTRAINT products_organization FOREIGN KEY (organization_id) REFERENCES organizations ON DELETE CASCADE;
CREATE UNIQUE INDEX products_external ON products (organization_id, source, external_id);
CREATE INDEX products_title ON products (organization_id, sort_title, id) WHERE deleted_at IS NULL;
CREATE TRIGGER stamp BEFORE UPDATE ON products FOR EACH ROW EXECUTE FUNCTION stamp_updated();
CALL protect_tenant_table('products');

CREATE TABLE product_variants (
  organization_id uuid NOT NULL,
  product_id uuid NOT NULL,
  external_id text NOT NULL CHECK (external_id <> '' AND length(external_id) <= 200),
  position integer NOT NULL,
  sku text,
  barcode text,
  title text,
  price numeric(20, 4) CHECK (price >= 0),
  compare_at_price numeric(20, 4) CHECK (compare_at_price >= 0),
  currency text NOT NULL CHECK (currency ~ '^[A-Z]{3}$'),
  -- Null: not counted.
  stock integer,
  PRIMARY KEY (organization_id, product_id, external_id)
);
ALTER TABLE product_variants ADD CONSTRAINT product_variants_product FOREIGN KEY (organization_id, product_id) REFERENCES products (organization_id, id) ON DELETE CASCADE;
CREATE INDEX product_variants_sku ON product_variants (organization_id, sku) WHERE sku IS NOT NULL;
CALL protect_tenant_table('product_variants');

-- One row for who ever had an order. Reckoned from orders by one statement (crates/commerce/src/store/metrics.rs).
CREATE TABLE customer_metrics (
  organization_id uuid NOT NULL,
  customer_id uuid NOT NULL,
  currency text NOT NULL DEFAULT 'EUR' CHECK (currency ~ '^[A-Z]{3}$'),
  orders integer NOT NULL DEFAULT 0,
  cancelled_orders integer NOT NULL DEFAULT 0,
  returned_orders integer NOT NULL DEFAULT 0,
  -- Of which the money is not in the sums, because no rate to the currency is known.
  unconverted_orders integer NOT NULL DEFAULT 0,
  items bigint NOT NULL DEFAULT 0,
  total_spent numeric NOT NULL DEFAULT 0,
  refunded numeric NOT NULL DEFAULT 0,
  net_revenue numeric NOT NULL DEFAULT 0,
  average_order_value numeric NOT NULL DEFAULT 0,
  first_order_at timestamptz,
  last_order_at timestamptz,
  favourite_category text,
  favourite_brand text,
  reckoned_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (organization_id, customer_id)
);
ALTER TABLE customer_metrics ADD CONSTRAINT customer_metrics_customer FOREIGN KEY (organization_id, customer_id) REFERENCES customers (organization_id, id) ON DELETE CASCADE;
CALL protect_tenant_table('customer_metrics');
