"""Two chambers: persons decide about the corpus, those who run the machines about the machines, both about both."""
