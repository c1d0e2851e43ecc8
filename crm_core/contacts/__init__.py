"""Contacts (people and companies) and the identities by which they are recognised and reached.

An identity may exist before any contact: a stranger is served too. `rules` decides who somebody may be,
`resolving` finds or makes the identities of a batch of messages, `actions` writes the rows. `evidence` joins what
was proved, `suggesting` tells an agent what may belong together, `merging` makes two contacts one and two again,
and `families` is how everybody reads those. Whatever also touches conversations (their name, their contact) is a
use case of `hub.desk.contacts` and `hub.desk.merging`: conversations lean on contacts, never the other way round.
"""
