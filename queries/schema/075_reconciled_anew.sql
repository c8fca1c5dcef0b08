-- row: none; every day is compared once more, since gaps are split otherwise than before.
UPDATE reconciled_days SET content_mark = ''
