"""The Grafana dashboard asks for metrics that there are, and all of them are on it."""

from __future__ import annotations

import json
import re
from pathlib import Path

ROOT = Path(__file__).parent.parent.parent


def test_every_panel_has_a_metric_and_every_metric_a_panel() -> None:
    dashboard = json.loads((ROOT / "bot" / "ops" / "grafana.json").read_text("utf-8"))
    asked = {
        name
        for panel in dashboard["panels"]
        for target in panel["targets"]
        for name in re.findall(r"countersign_[a-z_]+?(?=_bucket|_total|[^a-z_])", target["expr"])
    }
    source = (ROOT / "bot" / "http" / "metrics.py").read_text("utf-8")
    assert asked == set(re.findall(r'"(countersign_[a-z_]+)"', source))
