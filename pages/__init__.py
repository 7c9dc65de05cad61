"""Pages of the app; each shows parts of ``ui`` in order."""
