"""Jobs as documents and rules: what may be asked for, where it runs, what both sides say about it afterwards."""
