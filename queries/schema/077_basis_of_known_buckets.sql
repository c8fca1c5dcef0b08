-- row: one version of a bucket of usage that a source of detail has read before the key had a basis.
UPDATE buckets
SET basis = 'detail'
WHERE
  endpoint <> 'costs'
  AND source IN (SELECT source FROM input_files WHERE basis = 'detail')
