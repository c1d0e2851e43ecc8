"""The channel contract, the registry that finds channels, and one folder per channel."""
