"""`python -m tests.bench [NAME ...] [--minutes N] [--events N] [--no-door]` measures all, or what is named.

Only errors make it fail.

Each part is a process of its own with a bound on its time, so that none disturbs or stops another. At the end
comes a table of all figures that have a target.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.bench.report import FINDINGS, summary

NAMES = (
    "start",
    "doors",
    "loop",
    "facts",
    "policy",
    "audit",
    "digests",
    "growth",
    "queue",
    "imports",
    "replicas",
    "soak",
)
LONGEST_S = 900.0


def main(arguments: list[str]) -> int:
    """Run the benchmarks one after the other, so that none disturbs another."""
    parser = argparse.ArgumentParser(prog="make bench", description="Measure, beside the plain way.")
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of {', '.join(NAMES)}; all without one")
    parser.add_argument("--minutes", type=float, default=1.0, help="how long a soak or an import takes")
    parser.add_argument("--events", type=int, help="how many events an import through to cards has")
    parser.add_argument("--no-door", action="store_true", help="only the import through to cards")
    options = parser.parse_args(arguments)
    if unknown := set(options.names) - set(NAMES):
        parser.error(f"there is no benchmark {', '.join(sorted(unknown))}; there are {', '.join(NAMES)}")
    with TemporaryDirectory() as directory:
        findings = Path(directory) / "findings"
        findings.touch()
        failed = [name for name in options.names or NAMES if not _measured(name, findings, options)]
        summary(findings)
    for name in failed:
        print(f"{name} did not come to its end.", file=sys.stderr)
    return 1 if failed else 0


def _measured(name: str, findings: Path, options: argparse.Namespace) -> bool:
    own = [str(options.minutes)] if name == "soak" else []
    if name == "imports":
        own = ["--minutes", str(options.minutes)]
        own += ["--through", str(options.events)] if options.events else []
        own += ["--events", "0"] if options.no_door else []
    command = [sys.executable, "-m", f"tests.bench.bench_{name}", *own]
    environment = os.environ | {FINDINGS: str(findings)}
    try:
        run = subprocess.run(command, env=environment, timeout=LONGEST_S + 180 * options.minutes, check=False)
    except subprocess.TimeoutExpired:
        return False
    return run.returncode == 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
