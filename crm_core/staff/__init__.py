"""Agents: who they are, how they sign in, what they do now and did before."""
