"""One module per input kind: each turns its raw shape into canonical records, and nothing else."""
