-- row: one scope that occurs in usage or charges.
SELECT scope AS word
FROM usage
UNION
SELECT scope AS word
FROM charges
ORDER BY word
