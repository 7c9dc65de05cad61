"""BEELINE's reference networks (Pratapa et al. 2020): pinned files in, edges as gene symbols out."""
