"""The Start page, its worked example, and the tour that begins there."""
