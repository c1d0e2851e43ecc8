"""Contacts (people and companies) and the identities that recognise and reach them."""
