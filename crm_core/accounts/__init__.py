"""Channel accounts: what is configured, with secrets sealed, and where listeners left off."""
