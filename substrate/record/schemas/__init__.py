"""The schemas of the document kinds, by subject. `substrate.record.kinds` is the catalogue."""
