"""Messages in Slack that name a donor, so that they can be found when the donor is erased."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection

from storage.conflict import insert_new
from storage.schema import POSTS


class Posts:
    """The messages posted, in the caller's transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def remember(
        self, channel_id: str, message_ts: str, *, subject_id: str, donor_id: str | None, at: datetime
    ) -> None:
        """Note that a message shows the answer *subject_id* about a donor."""
        values = {
            "channel_id": channel_id,
            "message_ts": message_ts,
            "subject_id": subject_id,
            "donor_id": donor_id,
            "at": at,
        }
        insert_new(self._connection, POSTS, ("channel_id", "message_ts"), values)
