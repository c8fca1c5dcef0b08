"""Request log."""
