-- Who may be written to, and who said no, on a channel: asked for by filters, and often few of very many.
-- Lock: writes to consents wait while the index is built. Time: about a second for a million consents.

CREATE INDEX customer_consents_state ON customer_consents (organization_id, channel, state, customer_id);
