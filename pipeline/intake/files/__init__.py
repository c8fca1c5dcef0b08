"""Input files: finding them, detecting their kind, decompressing, and reading what is new in them.

A file may grow, be rotated, compressed or copied: content that was read before is not read again.
"""
