"""The Drivers page: what moves state A towards state B."""
