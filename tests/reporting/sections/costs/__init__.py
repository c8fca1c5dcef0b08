"""Sections on costs."""
