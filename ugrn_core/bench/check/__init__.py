"""One short check of a device: exactness, speed, limits, turns; one JSON (``python -m ugrn_core.bench --check``)."""
