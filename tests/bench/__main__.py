"""`python -m tests.bench [NAME ...]` measures everything, or what is named; only errors make it fail."""

from __future__ import annotations

import sys
from importlib import import_module

NAMES = ("start", "doors", "loop", "facts", "policy", "audit", "digests", "queue")


def main(names: list[str]) -> int:
    """Run the benchmarks one after the other, so that none disturbs another."""
    if unknown := set(names) - set(NAMES):
        print(
            f"There is no benchmark {', '.join(sorted(unknown))}; there are {', '.join(NAMES)}.",
            file=sys.stderr,
        )
        return 2
    for name in names or NAMES:
        import_module(f"tests.bench.bench_{name}").main()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
