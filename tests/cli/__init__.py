"""What the verbs promise."""
