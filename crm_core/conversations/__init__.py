"""Conversations and their timeline, across channels."""
