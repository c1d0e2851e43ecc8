"""The routing engine: pure, a function of facts and a moment. README.md says what lives here and why."""
