"""Slack: what people see and press, and nothing of what is decided about it."""
