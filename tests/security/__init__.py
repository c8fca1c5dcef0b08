"""The claims of data/guides/security.md, each with a test of its number."""
