"""Makes the built-in price files from the package genai-prices; a tool of the maintainers.

Not part of a run: its output is in `data/prices/`, and a test compares the two.
"""
