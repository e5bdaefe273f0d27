"""The law of consent: what a person may say yes to, what counts, and what a change of mind does.

Knows neither the mesh nor Dagster.
"""

from consent.sparing import spare

# Here, since whatever imports the redactor passes here first: worker processes and tests too.
spare()
