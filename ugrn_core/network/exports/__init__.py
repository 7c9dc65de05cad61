"""Files of a predicted network that other programs read."""
