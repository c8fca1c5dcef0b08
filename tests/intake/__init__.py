"""Each source, from its raw shape to records."""
