-- row: one identity hash that several rows of the ledger have, live or not, or a dropped duplicate.
-- takes: known_rows, excluded_rows, dropped_identities (identity_hash).
-- engine: any
SELECT k.identity_hash
FROM known_rows AS k
LEFT JOIN excluded_rows AS e ON e.ledger_id = k.ledger_id AND e.row_number = k.row_number
WHERE coalesce(e.reason, '') <> 'rebased'
GROUP BY k.identity_hash
HAVING count(*) > 1
UNION
SELECT identity_hash FROM dropped_identities
