"""Files: what is known of them. The bytes lie in the file store under random names."""
