"""The price book: effective-dated prices from CSV files, checked, layered and resolved.

It reads files and answers questions; it never opens the warehouse.
"""
