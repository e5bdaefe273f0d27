"""The training room of the redactor's tagger: its texts, its recipe and its measurement. Not part of the product.

Everything the tagger learns from is made here: sentences with gaps (`texts/`), names of many cultures and names
like them, noise; and, as text in which nobody is named, the translated messages of three programs with
permissive licences (`catalogues`). `dev/` and `last/` are written by hand in another style, and never trained on.
"""
