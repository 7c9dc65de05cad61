"""What stands before the pages: who comes in, who may do what, and what a session of the server is."""
