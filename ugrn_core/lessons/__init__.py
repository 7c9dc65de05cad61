"""Eight lessons of ten minutes: what is asked in them, and answers that are computed anew for every seed."""
