"""Ask for known weaknesses in what is locked; where nobody can be asked, say so in one line and go on."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

LOCKS = ("requirements.lock", "requirements-dev.lock")
PATIENCE_S = 60
NOT_ASKED = "Advisories: the service could not be asked, so nothing was looked up."
AUDIT = (
    "--disable-pip",
    "--require-hashes",
    "--progress-spinner",
    "off",
    "--timeout",
    "5",
    "--format",
    "json",
)


def verdict(dependencies: list[dict[str, Any]]) -> tuple[int, list[str]]:
    """Return the exit code and what to say about *dependencies*, as pip-audit lists them."""
    asked = {(d["name"], d["version"]): d["vulns"] for d in dependencies if "vulns" in d}
    unknown = {d["name"] for d in dependencies if "vulns" not in d}
    if not asked:
        return 0, [NOT_ASKED]
    found = [
        f"{name} {version}: {each['id']}, put right in {', '.join(each['fix_versions']) or 'no release yet'}"
        for (name, version), weaknesses in sorted(asked.items())
        for each in weaknesses
    ]
    summary = f"Advisories: {len(asked)} dependencies looked up, {len(found)} known weaknesses"
    return int(bool(found)), [*found, summary + (f", {len(unknown)} not known there." if unknown else ".")]


def main() -> int:
    """Look everything up that the lock files name."""
    files = [part for lock in LOCKS for part in ("--requirement", lock)]
    try:
        done = subprocess.run(
            [sys.executable, "-m", "pip_audit", *files, *AUDIT],
            capture_output=True,
            text=True,
            timeout=PATIENCE_S,
            check=False,
        )
        dependencies = json.loads(done.stdout)["dependencies"]
    except (subprocess.TimeoutExpired, ValueError, KeyError):
        print(NOT_ASKED)
        return 0
    code, said = verdict(dependencies)
    print("\n".join(said), file=sys.stderr if code else sys.stdout)
    return code


if __name__ == "__main__":
    sys.exit(main())
