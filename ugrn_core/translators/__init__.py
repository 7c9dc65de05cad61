"""Translators: a small MLP from pair features to regulatory probabilities (paper, section 4.2)."""
