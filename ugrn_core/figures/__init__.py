"""Figures as data first: ``prepare_*`` gives a frame, ``plot_*`` a plotly figure of such a frame."""
