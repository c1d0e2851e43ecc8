"""What keeps the house running between requests: presence, tickets, accounts, jobs, media."""
