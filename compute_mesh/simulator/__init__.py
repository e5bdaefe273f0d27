"""Many nodes in one process: real ledgers, real sync, real blob fetches, over the network in memory. For proofs."""
