"""Raw files to validated usage records: finding, reading, validating, holding rejects back."""
