"""Predicted networks: sources against targets, scored by a translator, with probabilities, tags and files to take away."""
