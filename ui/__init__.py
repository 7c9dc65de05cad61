"""Streamlit parts of the pages, a folder for each page; what is computed comes from ``ugrn_core``."""
