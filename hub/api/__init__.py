"""The HTTP API. `routes.py` is its table of contents; handlers only translate between HTTP and the house."""
