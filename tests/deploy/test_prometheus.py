"""What Prometheus and Grafana are given; that every metric in it exists, tests/web/metrics/test_endpoint.py holds."""

from __future__ import annotations

import json
import re
from typing import Any

from tests.deploy.site import ROOT

FOLDER = ROOT / "deploy" / "prometheus"
DASHBOARD: dict[str, Any] = json.loads((FOLDER / "dashboard.json").read_bytes())
SCRAPED = (FOLDER / "prometheus.yml").read_text(encoding="utf-8")


def test_scraped_where_it_is_served() -> None:
    """Prometheus asks where Caddy answers, under the job that the alerts name, and reads the alerts."""
    (target,) = re.findall(r'targets: \["(127\.0\.0\.1:\d+)"\]', SCRAPED)
    jobs = set(re.findall(r'job="([^"]+)"', (FOLDER / "alerts.yml").read_text(encoding="utf-8")))

    assert f"http://{{$AUTOCONFIG_ASK:{target}}} {{" in (ROOT / "deploy" / "caddy" / "Caddyfile").read_text(
        encoding="utf-8"
    )
    assert "metrics_path: /internal/metrics\n" in SCRAPED
    assert jobs == set(re.findall(r"job_name: (\S+)", SCRAPED))
    assert "  - alerts.yml\n" in SCRAPED


def test_panels() -> None:
    """Each panel has a place of its own, and asks for the chosen job and machines only."""
    panels = DASHBOARD["panels"]
    taken = [
        (x, y)
        for place in (panel["gridPos"] for panel in panels)
        for x in range(place["x"], place["x"] + place["w"])
        for y in range(place["y"], place["y"] + place["h"])
    ]

    assert len({panel["id"] for panel in panels}) == len(panels) > 10
    assert len(taken) == len(set(taken))
    assert max(x for x, _ in taken) == 23
    for expression in (target["expr"] for panel in panels for target in panel["targets"]):
        selectors = re.findall(r"\b(?:autoconfig|process)_\w+\{([^}]*)\}", expression)
        assert selectors
        assert all('job="$job", instance=~"$instance"' in selector for selector in selectors)
