"""Pipelines of translators: from networks or own edges to a kept translator, and from gene pairs to an edge table."""
