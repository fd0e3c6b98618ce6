-- What the records of an imported file are: customers, as so far, or orders or products.
-- Lock: imports for milliseconds; a column with a constant default is not written into the rows. Time: milliseconds.

ALTER TABLE imports ADD COLUMN kind text NOT NULL DEFAULT 'customers' CHECK (kind IN ('customers', 'orders', 'products'));
