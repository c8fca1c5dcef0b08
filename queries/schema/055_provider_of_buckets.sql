-- row: one version of one provider bucket; until now there was one provider.
ALTER TABLE buckets ADD COLUMN provider VARCHAR DEFAULT 'openai'
