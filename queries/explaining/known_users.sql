-- row: one user_id that occurs in usage or charges.
SELECT user_id AS word
FROM usage
UNION
SELECT user_id AS word
FROM charges
ORDER BY word
