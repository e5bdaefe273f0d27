"""Answering a question with sentences of texts, and knowing when none of them does. Pure: vectors come as arguments."""
