"""How much each gene moves others, and is moved, whatever the other gene is."""
