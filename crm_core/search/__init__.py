"""Search: one box over people, words and numbers in any spelling, newest first, within what one may read."""
