-- row: one file of postings; stored_in is the file of several that were merged which its rows are in
-- now (the column posted_as there has the name of path); NULL: path itself.
ALTER TABLE posting_files ADD COLUMN IF NOT EXISTS stored_in VARCHAR
