"""Records to put right before a decision can be made."""
