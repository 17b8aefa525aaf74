"""Whom this process believes to be who they say they are, when it calls over TLS."""

from __future__ import annotations

import ssl
from functools import cache

import httpx2


@cache
def trusted_authorities() -> ssl.SSLContext:
    """Return the certificate authorities in force, one copy for all clients: to read them takes a while."""
    return httpx2.create_ssl_context()
