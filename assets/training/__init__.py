"""Training: a version before the gate, cohort by cohort to terms, and what is served of them."""
