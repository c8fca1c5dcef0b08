-- row: one operation that a project's own charge records show; until now there was one provider.
ALTER TABLE logged_operations ADD COLUMN provider VARCHAR DEFAULT 'openai'
