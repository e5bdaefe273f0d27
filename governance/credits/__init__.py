"""Credits: work that both sides settled, at the rates of a signed table; decayed, held back, spent, never handed on."""
