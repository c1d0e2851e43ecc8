"""What the hub does with calls: taken, moved on by what is reported and wished, and arranged at their providers."""
