"""Running language models on this machine: llama.cpp behind one small interface, and nothing of it outside."""
