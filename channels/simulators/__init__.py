"""Local stand-ins of providers, speaking the providers' own protocols, for the demo and the tests."""
