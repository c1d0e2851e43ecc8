"""How committed events and passing whispers reach whoever listens in this process, in order."""
