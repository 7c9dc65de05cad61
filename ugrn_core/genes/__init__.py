"""Gene lists, the resolution of names to a vocabulary, and transcription factors."""
