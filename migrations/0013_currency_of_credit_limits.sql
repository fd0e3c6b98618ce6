-- A credit limit keeps the currency it was said in: it stays true when the organization changes its own.
-- Lock: customers and organizations exclusively for milliseconds (columns without a default, a check that is not validated).
-- One row is written for each organization, none of customers.

-- Empty where it was said before this column, or by an older server while both run: then it is of the currency that the
-- organization had at that time, which `organizations` keeps. The next change of such a customer fills it; a job that
-- fills the rest has to run before the column of `organizations` can go.
ALTER TABLE customers ADD COLUMN credit_limit_currency text;
ALTER TABLE customers ADD CONSTRAINT customers_credit_limit_currency CHECK (credit_limit_currency ~ '^[A-Z]{3}$') NOT VALID;
ALTER TABLE organizations ADD COLUMN credit_limit_currency text;
UPDATE organizations SET credit_limit_currency = currency;
