"""Check that every installed dependency may be used: MIT, BSD, Apache-2.0, PSF and their equals."""

from __future__ import annotations

import re
import sys
from importlib.metadata import Distribution, distributions

PERMITTED = re.compile(
    r"\b(MIT|BSD|Apache|PSF|Python Software Foundation|ISC|MPL|Mozilla|Unlicense|0BSD|CC0|HPND|Zlib)\b",
    re.IGNORECASE,
)
EXCEPTIONS: dict[str, str] = {
    "atheris": "Apache-2.0, says the LICENSE file it carries; used for fuzzing only",
    "cedarpy": "Apache-2.0, says the LICENSE file it carries; used for measuring only",
}


def licence_of(distribution: Distribution) -> str:
    """Return what a distribution says about its licence."""
    metadata = distribution.metadata
    classifiers = [c for c in metadata.get_all("Classifier") or [] if c.startswith("License")]
    stated = [metadata.get("License-Expression") or "", (metadata.get("License") or "")[:200], *classifiers]
    return " ".join(part for part in stated if part)


def main() -> int:
    """Name every dependency whose licence nobody has looked at."""
    unknown = [
        f"{d.metadata['Name']}: {licence_of(d) or 'no licence stated'}"
        for d in distributions()
        if not PERMITTED.search(licence_of(d))
        and d.metadata["Name"].lower() not in EXCEPTIONS
        and d.metadata["Name"].lower() not in ("countersign", "uv")
    ]
    for line in sorted(set(unknown)):
        print(f"Licence not permitted or not stated: {line}", file=sys.stderr)
    return 1 if unknown else 0


sys.exit(main())
