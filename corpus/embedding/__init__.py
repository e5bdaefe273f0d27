"""What is computed with vectors of texts: batches, nearest ones, alike pairs, a map, snippets. Pure."""
