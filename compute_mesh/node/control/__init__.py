"""gRPC on a Unix socket: how commands ask the node daemon for what needs the network or a job."""
