"""Auditing jobs: who audits what, how an answer is read again, and when it is called consistent. Never "verified"."""
