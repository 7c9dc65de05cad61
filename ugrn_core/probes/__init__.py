"""Probes: what is read from a frozen backbone about gene pairs, one method a file."""
