"""Plain words of the house: no I/O, no tables, nothing of ours imported."""
