"""The law of governance: reputation from audits; credits, trust, chambers and disputes come with a later issue."""
