"""Tables of a data lake."""
