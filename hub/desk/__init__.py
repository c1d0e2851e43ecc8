"""Use cases: what the hub does with the nouns of the book when something happens."""
