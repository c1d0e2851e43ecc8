"""Queues, work that waits in them, and offers of work to agents."""
