"""The seeded price files."""
