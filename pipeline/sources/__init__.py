"""One room for each kind of input; each turns its raw shape into canonical records."""
