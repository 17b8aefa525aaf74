"""Where the app's Slack manifest lies: beside the packages in a checkout, in share/ once installed."""

import sysconfig
from pathlib import Path
from typing import Any

import yaml

CHECKOUT = Path(__file__).parent.parent / "manifest.yml"
INSTALLED = Path(sysconfig.get_path("data")) / "share" / "countersign" / "manifest.yml"


def read_manifest() -> dict[str, Any]:
    """The manifest as Slack reads it; its form is in Slack's app manifest reference."""
    path = CHECKOUT if CHECKOUT.exists() else INSTALLED
    return dict(yaml.safe_load(path.read_text(encoding="utf-8")))
