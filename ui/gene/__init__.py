"""The Gene page: one gene, and everything a model links to it."""
