"""The benchmark: what a whole run costs beside DuckDB's bare load of the same file."""
