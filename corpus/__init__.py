"""The law of the corpus: near-duplicates, mixture weights, dataset versions and their cards.

Pure: texts and documents come in as arguments. Knows neither the mesh nor Dagster.
"""
