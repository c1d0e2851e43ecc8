"""Machinery of the book: the one place that commits, the journal, deliveries owed and jobs."""
