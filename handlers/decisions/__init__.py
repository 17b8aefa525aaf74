"""What people do with a proposal, and what time does to it."""
