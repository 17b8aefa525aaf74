"""What time it is at Slack: a clock that is neither this machine's nor the database's."""

from __future__ import annotations

from datetime import datetime
from email.utils import parsedate_to_datetime

import aiohttp

_PATIENCE = aiohttp.ClientTimeout(total=3.0)


async def time_at_slack(session: aiohttp.ClientSession, api: str) -> datetime | None:
    """Return what the header of an answer says, to the second; None where none comes within three seconds.

    *api* is the Web API's address with its slash. It asks for no token, so none has to be valid.
    """
    try:
        async with session.post(f"{api}api.test", timeout=_PATIENCE) as response:
            stated = parsedate_to_datetime(response.headers.get("Date", ""))
    except (aiohttp.ClientError, TimeoutError, OSError, ValueError):
        return None
    return stated if stated.tzinfo else None
