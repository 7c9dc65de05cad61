"""What cells say of an edge, beside what the model says: correlations, detection, how steady they are."""
