"""Every way to score a pair: a file for each of the paper's methods and controls, its record at the end."""
