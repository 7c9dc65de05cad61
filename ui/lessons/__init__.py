"""The Learn page: eight lessons of one pattern, and what a teacher needs around them."""
