-- row: one file of postings that the provider's bill did not cause, with both clocks of its run and
-- the merged file that its rows are in (NULL: none).
-- engine: duckdb
SELECT p.path, p.posted_at, r.now_at, p.stored_in
FROM posting_files AS p
INNER JOIN runs AS r ON r.run_id = p.run_id
WHERE p.reason <> 'bill' AND p.rows > 0
ORDER BY p.posted_at, p.path
