"""What moves one state of cells towards another: every factor moved in the virtual cell of the first."""
