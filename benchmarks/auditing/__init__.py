"""The parts of `benchmarks/audits.py`: prompts, workers honest and not, and the arithmetic of the table."""
