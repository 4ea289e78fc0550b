"""Floor 3: published data as frozen nouns, each with its citation, and one reader a file."""
