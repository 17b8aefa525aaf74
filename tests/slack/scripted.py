"""A server that says the same to everybody, however strange."""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass, field


@dataclass
class Script:
    """A server that answers every request with the same bytes and then hangs up."""

    answer: bytes = b""
    heard: list[bytes] = field(default_factory=list)
    port: int = 0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        length = next(
            (int(line[15:]) for line in head.split(b"\r\n") if line.lower().startswith(b"content-length:")), 0
        )
        self.heard.append(head + await reader.readexactly(length))
        writer.write(self.answer)
        await writer.drain()
        writer.close()

    def says(
        self, body: object, status: str = "200 OK", *headers: str, kind: str = "application/json"
    ) -> None:
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        lines = [f"HTTP/1.1 {status}", f"Content-Type: {kind}", f"Content-Length: {len(content)}", *headers]
        self.answer = "\r\n".join([*lines, "Connection: close", "", ""]).encode() + content
