"""The only way into the CRM, and back: execute, read back, undo, publish."""
