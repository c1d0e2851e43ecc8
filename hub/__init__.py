"""The roof: use cases, doors and the one composition root."""
