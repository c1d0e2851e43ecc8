"""Who is there: password hashes, secrets, rate limits, socket tickets. No HTTP: the doors ask, this floor answers."""
