-- row: as in 015, with the role in its project: owner, member, none.
ALTER TABLE service_accounts ADD COLUMN IF NOT EXISTS role VARCHAR
