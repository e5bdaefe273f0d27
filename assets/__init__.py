"""Dagster assets and checks, a folder per lifecycle stage. Thin: no maths, no SQL strings, no policy."""
