"""Handing the audit over: a zip that proves itself with nothing but Python and `cryptography`."""
