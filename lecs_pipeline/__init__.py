"""What a person touches: the `lecs` command line, Dagster definitions, settings and wiring. No domain rules."""
