"""Who is served next: first everyone's floor, then shares by the square root of credit. Nobody is blocked."""
