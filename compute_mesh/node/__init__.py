"""The node daemon: it keeps a home in touch with others of its commons, and answers on a Unix socket of its own."""
