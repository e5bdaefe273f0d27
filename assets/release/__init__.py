"""A version as a folder that others open: signed, listed, and held against a short checklist."""
