"""The law of governance: credits, reputation, members, the queue, two chambers, disputes.

Every rule here is a pure fold of a ledger: documents, heads that prove forks, and times come in as arguments. Credit
buys a place in the queue and nothing else, nobody can hand it on, and everyone has a floor that no vote removes. A
stranger's program repeats every number to the last digit (`examples/verifier`); docs/reference/governance.md is the
specification of both.
"""
