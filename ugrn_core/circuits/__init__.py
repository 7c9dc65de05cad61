"""Gene circuits whose truth is known: simulated cells, interventions, and tiny backbones trained on them."""
