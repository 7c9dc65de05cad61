"""The Translators page: the library, a translator's card, training and held-out tests."""
