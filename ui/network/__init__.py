"""The Network page: its form, the run, what is shown of the edges, and what can be taken away."""
