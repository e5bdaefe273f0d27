"""How often each text is used."""
