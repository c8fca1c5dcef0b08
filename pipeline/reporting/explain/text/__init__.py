"""Explanations as text for a terminal: phrases, aligned tables, one module for each kind."""
