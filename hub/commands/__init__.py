"""One file for each command of `hub`, which imports what that command needs."""
