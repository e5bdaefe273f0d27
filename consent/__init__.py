"""The law of consent: what a person may say yes to, what counts, and what a change of mind does.

Knows neither the mesh nor Dagster.
"""
