"""Which days each source has covered."""
