"""The prompts: text files with a version in their name, known by the hash of their content."""
