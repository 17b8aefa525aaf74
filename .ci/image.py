"""Do what the image's build does, without a container engine, and see that the result runs on its own."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

ROOT = Path(__file__).parent.parent
MANIFEST = "countersign-*.data/data/share/countersign/manifest.yml"

OF_THE_MACHINE = {"bot/ops/countersign.service"}
"""What no container needs."""


def main() -> int:
    """Build the package as the Dockerfile does, from what it copies alone, unpack it and try it."""
    with tempfile.TemporaryDirectory() as folder:
        context, target = Path(folder) / "build", Path(folder) / "site"
        context.mkdir()
        sources = copied()
        subprocess.run(["cp", "-a", *(str(ROOT / each) for each in sources), str(context)], check=True)
        build = "from setuptools.build_meta import build_wheel; print(build_wheel('..'))"
        subprocess.run([sys.executable, "-c", build], cwd=context, check=True, stdout=subprocess.DEVNULL)
        (wheel,) = Path(folder).glob("*.whl")
        with zipfile.ZipFile(wheel) as package:
            package.extractall(target)
        missing = [name for name in (MANIFEST, *shipped(sources)) if not any(target.glob(name))]
        for name in missing:
            print(f"The image would lack {name}.", file=sys.stderr)
        return 1 if missing else _runs(target, Path(folder))


def copied() -> list[str]:
    """Return what the Dockerfile copies from this folder."""
    lines = (ROOT / "Dockerfile").read_text(encoding="utf-8").splitlines()
    copies = [line.split()[1:-1] for line in lines if line.startswith("COPY ") and "--from" not in line]
    return [source for sources in copies for source in sources]


def shipped(sources: list[str]) -> list[str]:
    """Return every file of the folders that are copied: rules, prompts, migrations, styles, the runbook."""
    found = (path for source in sources for path in (ROOT / source).rglob("*") if path.is_file())
    names = {str(path.relative_to(ROOT)) for path in found if "__pycache__" not in path.parts}
    return sorted(names - OF_THE_MACHINE)


def _runs(target: Path, folder: Path) -> int:
    clean = {name: value for name, value in os.environ.items() if not name.startswith("COUNTERSIGN_")}
    clean |= {"PYTHONPATH": str(target), "PYTHONSAFEPATH": "1"}
    script = "import bot, sys; from bot.cli import main; sys.exit(main(sys.argv[1:]))"
    where = subprocess.run(
        [sys.executable, "-c", "import bot; print(bot.__file__)"],
        cwd=folder,
        env=clean,
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    if not where.startswith(str(target)):
        print(f"The installed package was not the one tried but {where}", file=sys.stderr)
        return 1
    for command in (["--help"], ["db", "upgrade"], ["status", "--json"], ["policy", "facts"]):
        done = subprocess.run(
            [sys.executable, "-c", script, *command],
            cwd=folder,
            env=clean,
            capture_output=True,
            text=True,
            check=False,
        )
        if "Traceback" in done.stderr or done.returncode not in (0, 1):
            print(f"countersign {' '.join(command)} failed in the image:\n{done.stderr}", file=sys.stderr)
            return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
