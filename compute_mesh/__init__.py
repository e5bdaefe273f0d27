"""The wires: nodes that find each other, hold the same ledger and run approved jobs. Built by a later issue."""
