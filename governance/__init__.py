"""The law of governance: credits, trust, chambers and disputes. Built by a later issue; no rule lives here yet."""
