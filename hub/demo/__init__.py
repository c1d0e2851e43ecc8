"""The demo: a furnished house, and a shop whose visitors write to it."""
