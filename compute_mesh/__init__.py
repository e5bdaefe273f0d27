"""The wires: nodes that find each other, hold the same ledger and pass blobs. Decides nothing about consent."""
