-- row: one model that occurs in usage or charges.
SELECT model AS word
FROM usage
UNION
SELECT model AS word
FROM charges
ORDER BY word
