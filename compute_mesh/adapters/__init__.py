"""Adapters as files: what training made, in the form that the runtime loads."""
