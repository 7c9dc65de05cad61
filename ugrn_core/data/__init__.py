"""h5ad files in; mean profiles and contexts out."""
