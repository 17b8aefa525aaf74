"""Changing, rehearsing, showing and pausing the rules."""
