-- row: one api_key_id that occurs in usage or charges.
SELECT api_key_id AS word
FROM usage
UNION
SELECT api_key_id AS word
FROM charges
ORDER BY word
