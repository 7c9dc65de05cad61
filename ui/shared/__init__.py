"""Parts that several pages share: model, cells, genes, the background work, figures and the address."""
