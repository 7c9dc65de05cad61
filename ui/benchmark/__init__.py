"""The Benchmark page: its controls, tables, and what stands behind a cell."""
