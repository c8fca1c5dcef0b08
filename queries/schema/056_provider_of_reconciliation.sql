-- row: one project, line item and UTC day of a provider; until now there was one.
ALTER TABLE reconciliation ADD COLUMN provider VARCHAR DEFAULT 'openai'
