"""The agents' live view: a WebSocket that carries a snapshot, then every event its agent may know of."""
