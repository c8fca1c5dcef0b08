"""The organization's directory: its history, its files, its sync."""
