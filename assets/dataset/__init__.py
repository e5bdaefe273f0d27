"""Dataset versions: computed, published, exported, verified."""
