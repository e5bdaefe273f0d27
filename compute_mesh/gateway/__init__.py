"""The gateway: an OpenAI-compatible API on loopback. Requests become jobs, which run here or on a peer."""
