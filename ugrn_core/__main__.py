"""``python -m ugrn_core`` is ``ugrn``."""

from ugrn_core.cli import main

if __name__ == "__main__":
    main()
