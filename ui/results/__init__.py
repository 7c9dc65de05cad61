"""The My results page, and what computed results take on disk."""
