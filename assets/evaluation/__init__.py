"""Evaluation: an adapter against its base on texts that were held out, and what it gives away."""
