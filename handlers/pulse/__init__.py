"""The monthly question how far people trust the suggestions."""
