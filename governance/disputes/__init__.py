"""Disputes, the board, emergency stops: who asks, who answers, who decides, and until when."""
