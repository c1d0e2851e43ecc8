"""Contacts (people and companies) and the identities by which they are recognised and reached.

An identity may exist before any contact: a stranger is served too. `rules` decides who somebody may be,
`resolving` finds or makes the identities of a batch of messages, `actions` writes the rows. Whatever also
touches conversations (their name, their contact) is a use case of `hub.desk.contacts`: conversations lean
on contacts, never the other way round.
"""
