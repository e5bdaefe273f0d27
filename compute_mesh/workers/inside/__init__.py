"""What runs inside a box. Nothing here is imported by a node."""
