"""One short check of a device: exactness, speed, limits and turns, as one JSON (``python -m ugrn_core.bench --check``)."""
