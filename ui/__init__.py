"""Streamlit parts that pages share; what is computed comes from ``ugrn_core``."""
