"""Channel accounts: settings, cursors, and secrets that are sealed with the house key, written and never read back."""
