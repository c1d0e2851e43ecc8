"""Calls: what they are, the pure rules by which they move, and how they are kept."""
