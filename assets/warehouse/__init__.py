"""The warehouse: provenance in SQL, made by dbt on DuckDB from public documents."""
