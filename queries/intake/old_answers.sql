-- row: one fetched answer that was read whole before an instant, by its path below the storage root.
-- parameters: sources (names of those that are fetched), before TIMESTAMP.
-- engine: duckdb
SELECT DISTINCT landed_path
FROM input_files
WHERE
  landed_path IS NOT NULL
  AND list_contains(CAST($sources AS VARCHAR[]), source)
  AND state IN ('read', 'replaced', 'forgotten')
  AND ingested_at < $before
ORDER BY landed_path
