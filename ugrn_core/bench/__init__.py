"""How fast the sweep is on this machine, measured in one run beside what it is compared with (``ugrn bench``)."""
