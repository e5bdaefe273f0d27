"""How bytes get from one node to another: one interface, and what carries it. Knows keys and bytes, no documents."""
