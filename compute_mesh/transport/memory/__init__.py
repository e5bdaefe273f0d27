"""A network in one process: delay, loss, reordering, duplication, partitions and lies, the same for the same seed."""
