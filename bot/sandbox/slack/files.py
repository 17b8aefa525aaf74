"""Files the app uploads: announced, received, then shared."""

from __future__ import annotations

import base64
import mimetypes
from dataclasses import asdict, dataclass, replace
from urllib.parse import quote

from bot.sandbox.journal import Journal
from bot.sandbox.slack.config import SlackSandboxConfig
from bot.sandbox.slack.mint import Mint
from bot.sandbox.slack.shapes import Json

UPLOAD_BYTES_LIMIT = 25 * 1024 * 1024
ALT_TEXT_LIMIT = 1000


@dataclass(frozen=True, slots=True)
class File:
    """A file; *content* is base64 and None until it was uploaded to the address with *token*."""

    id: str
    token: str
    name: str
    length: int
    title: str = ""
    content: str | None = None
    shared: bool = False
    alt: str = ""

    @property
    def mimetype(self) -> str:
        """The media type that the name suggests."""
        return mimetypes.guess_type(self.name)[0] or "application/octet-stream"

    @property
    def data(self) -> bytes:
        """The bytes, empty before the upload."""
        return base64.b64decode(self.content or "")


class FileStore:
    """Files by id, written through to the journal."""

    def __init__(self, config: SlackSandboxConfig, mint: Mint, journal: Journal) -> None:
        self._config = config
        self._mint = mint
        self._journal = journal
        self._files = {key: File(**document) for key, document in journal.load("files").items()}

    def announce(self, name: str, length: int, alt: str = "") -> File:
        """Prepare for an upload of *length* bytes."""
        return self.keep(File(self._mint.id("F"), self._mint.token(), name, length, alt=alt))

    def keep(self, file: File) -> File:
        """Store a new or changed file."""
        self._files[file.id] = file
        self._journal.put("files", file.id, asdict(file))
        return file

    def get(self, file_id: str) -> File | None:
        """A file by its id."""
        return self._files.get(file_id)

    def receive(self, token: str, data: bytes) -> File | None:
        """Take the bytes for an announced file; None when the address or the length is wrong."""
        file = next((file for file in self._files.values() if file.token == token), None)
        if file is None or file.content is not None or len(data) != file.length:
            return None
        return self.keep(replace(file, content=base64.b64encode(data).decode()))

    def upload_address(self, file: File) -> str:
        """Where the app posts the bytes."""
        return self._config.address(f"/upload/{file.token}")

    def object(self, file: File) -> Json:
        """The file as messages and the page carry it."""
        url = self._config.address(f"/files/{file.id}/{quote(file.name)}")
        return {
            "id": file.id,
            "name": file.name,
            "title": file.title or file.name,
            "mimetype": file.mimetype,
            "filetype": file.name.rpartition(".")[2],
            "size": file.length,
            "url": url,
            "url_private": url,
            "permalink": url,
        } | ({"alt_txt": file.alt} if file.alt else {})
