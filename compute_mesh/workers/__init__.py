"""Workers: processes in boxes that do jobs, one kind of model and one requester each, and who looks after them.

Between node and worker go frames of JSON over two pipes, never a pickle. What a worker says is input from a stranger.
"""
