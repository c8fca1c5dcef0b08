-- row: one file of postings and the merged one that its rows are in (NULL: none), with the business clock of the run that posted it; without one, it is
-- the run that is on, whose clock is $now.
-- takes: schema, where the tables are.
-- engine: duckdb
SELECT p.path, p.posted_at, coalesce(r.now_at, $now) AS now_at, p.stored_in
FROM {{ schema }}.posting_files AS p
LEFT JOIN {{ schema }}.runs AS r ON r.run_id = p.run_id
ORDER BY p.posted_at, p.path
