-- What the records of an imported file are: customers, as so far, or orders, products, carts or wishlists.
-- Lock: imports for milliseconds; a column with a constant default is not written into the rows. Time: milliseconds.

ALTER TABLE imports ADD COLUMN kind text NOT NULL DEFAULT 'customers' CHECK (kind IN ('customers', 'orders', 'products', 'carts', 'wishlists'));

-- A file of products names them by what stands in their addresses.
-- Lock: SHARE on products while the index is built: nobody writes products meanwhile (about a second for a million).
CREATE INDEX products_handle ON products (organization_id, source, handle) WHERE handle IS NOT NULL;
