"""iroh 1.2 (QUIC, keys as addresses) behind the transport interface. The only room that imports iroh."""
