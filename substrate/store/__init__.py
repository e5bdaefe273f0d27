"""Where documents, kept bytes, keys, blobs and derived tables live on one machine."""
