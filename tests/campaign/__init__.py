"""Campaigns of some minutes against everything that reads what others wrote: ``make fuzz`` and ``make soak``."""
