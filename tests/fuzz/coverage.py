"""`python -m tests.fuzz.coverage --seconds N --seed N`: atheris steers by what of the parsers it has reached.

A process of its own, since libFuzzer never gives one back. The first byte chooses the parser.
"""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path
from tempfile import mkdtemp

import atheris

with atheris.instrument_imports(
    include=["policy", "bot.crm.webhook", "bot.assistant.answer", "storage.signed_note"]
):
    from tests.fuzz.parsers import PARSERS

LONGEST = 16384
SLOW_S = 30
"""What takes a parser so long is a finding too, on however busy a machine."""


class Counted:
    """Tries one input after the other, and tells every second how many it were, in case it is killed."""

    def __init__(self) -> None:
        self._tried, self._told_at = 0, time.monotonic()

    def __call__(self, data: bytes) -> None:
        """Give *data* to the parser that its first byte chooses."""
        self._tried += 1
        if time.monotonic() - self._told_at >= 1:
            self.tell()
        if data:
            PARSERS[data[0] % len(PARSERS)].try_with(data[1:])

    def tell(self) -> None:
        """Print how many inputs there were by now; 0 says that it begins."""
        self._told_at = time.monotonic()
        print(self._tried, flush=True)


def main(options: argparse.Namespace) -> None:
    """Fuzz for so long, from the examples; exits with something else than 0 when something is found."""
    counted = Counted()
    folder = Path(mkdtemp(prefix="fuzz-"))
    for number, parser in enumerate(PARSERS):
        for place, example in enumerate(parser.examples):
            (folder / f"{number}-{place}").write_bytes(bytes([number]) + example)
    atheris.Setup(
        [
            sys.argv[0],
            str(folder),
            f"-max_total_time={max(options.seconds, 1)}",
            f"-seed={options.seed % 2**31 or 1}",
            f"-max_len={LONGEST}",
            f"-artifact_prefix={folder}/found-",
            f"-timeout={SLOW_S}",
            "-verbosity=0",
            "-print_final_stats=1",
        ],
        counted,
    )
    counted.tell()
    atheris.Fuzz()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz.coverage")
    parser.add_argument("--seconds", type=int, default=60)
    parser.add_argument("--seed", type=int, default=1)
    main(parser.parse_args())
