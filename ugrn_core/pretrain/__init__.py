"""Pre-training of the embedded models, from corpus to shipped weights: ``python -m ugrn_core.pretrain --help``."""
