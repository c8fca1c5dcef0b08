-- row: one line of a provider's costs; until now there was one provider.
ALTER TABLE provider_costs ADD COLUMN provider VARCHAR DEFAULT 'openai'
