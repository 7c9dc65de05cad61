"""Predicted networks: sources against targets scored by a translator, as tables, views and files."""
