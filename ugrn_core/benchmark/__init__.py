"""The benchmark of the paper's section 4: which pairs, which methods, which splits, and one long frame of results."""
