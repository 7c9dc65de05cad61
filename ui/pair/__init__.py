"""The Pair page: one pair, a list of pairs, or one source against several targets."""
