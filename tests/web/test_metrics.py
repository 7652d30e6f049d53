from __future__ import annotations

import re
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from prometheus_client.parser import text_string_to_metric_families

import autoconfig
from autoconfig.mapping.memory import MemoryFinder
from autoconfig.resolve import How
from autoconfig.web.entry import SAMPLE
from autoconfig.web.exposition import HELP, text
from autoconfig.web.ledger import Total, Worker
from autoconfig.web.tally import ANSWERS, Document, Outcome, Tally

if TYPE_CHECKING:
    from collections.abc import Mapping

    from prometheus_client.core import Metric

    from tests.web.conftest import OpenSite, Site

INSIDE = ("127.0.0.1", 40000)
PATH = "/internal/metrics"
ROOT = Path(__file__).parents[2]


def families(content: bytes) -> dict[str, Metric]:
    """What Prometheus reads, by name."""
    return {family.name: family for family in text_string_to_metric_families(content.decode())}


def value(site: Site, name: str, **labels: str) -> float:
    """The value of one series now."""
    found = families(site.ask(PATH, "localhost", client=INSIDE).content)
    (sample,) = [
        sample
        for family in found.values()
        for sample in family.samples
        if sample.name == name and labels.items() <= sample.labels.items()
    ]
    return sample.value


def test_answer(site: Site) -> None:
    """Prometheus' text format, for nobody to keep."""
    answer = site.ask(PATH, "localhost", client=INSIDE)

    assert answer.status_code == 200
    assert answer.headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8"
    assert answer.headers["cache-control"] == "private, no-store"
    assert "autoconfig_requests" in families(answer.content)


@pytest.mark.parametrize("client", [("203.0.113.9", 1), ("10.0.0.5", 1)])
def test_strangers(site: Site, client: tuple[str, int]) -> None:
    """For everybody else there is nothing there."""
    assert site.ask(PATH, client=client).content == site.ask("/no-such-path", client=client).content


def test_counts(open_site: OpenSite) -> None:
    """Requests are counted by document and outcome, and what led to their plan, whichever way they took."""
    site = open_site()
    for _ in range(3):
        site.ask("/mail/config-v1.1.xml", "sample.co.jp")
    site.ask("/mail/config-v1.1.xml", "stranger.example")

    assert value(site, "autoconfig_requests_total", document="mozilla", outcome="served") == 3
    assert value(site, "autoconfig_requests_total", document="mozilla", outcome="unknown") == 1
    assert value(site, "autoconfig_requests_total", document="apple", outcome="served") == 0
    assert value(site, "autoconfig_resolved_total", how="row") == 3
    assert value(site, "autoconfig_plans_reloads_total", result="refused") == 0
    assert value(site, "autoconfig_limited_total") == 0
    assert value(site, "autoconfig_build_info", version=autoconfig.__version__) == 1
    assert value(site, "autoconfig_workers") == 1
    assert abs(value(site, "autoconfig_start_time_seconds", worker="0") - time.time()) < 3600


def test_labels_are_bounded(open_site: OpenSite) -> None:
    """No request makes another series: there are as many afterwards as before."""
    site = open_site()
    before = site.ask(PATH, "localhost", client=INSIDE).text
    for number in range(20):
        site.ask("/mail/config-v1.1.xml", f"d{number}.example", query=b"emailaddress=a@b.example")
        site.ask(f"/path{number}", f"d{number}.example", method=f"M{number}")
    after = site.ask(PATH, "localhost", client=INSIDE).text

    assert [line.rpartition(" ")[0] for line in before.splitlines()] == [
        line.rpartition(" ")[0] for line in after.splitlines()
    ]
    assert ".example" not in after


def test_state(open_site: OpenSite) -> None:
    """A fault of plans.toml or of the mapping is there to be seen, and its end."""

    class Flaky(MemoryFinder):
        def gauges(self) -> Mapping[str, float]:
            return {"mapping_age_seconds": 7.0}

    site = open_site(Flaky())
    good = value(site, "autoconfig_mapping_available"), value(site, "autoconfig_plans_fault")
    site.context.finder_fault = "gone"
    site.context.plans.path.write_text("nonsense", encoding="utf-8")
    site.run(site.context.reload_plans())

    assert good == (1, 0)
    assert (value(site, "autoconfig_mapping_available"), value(site, "autoconfig_plans_fault")) == (0, 1)
    assert value(site, "autoconfig_mapping_age_seconds", worker="0") == 7
    assert value(site, "autoconfig_plans_reloads_total", result="refused") == 1


def test_tick_writes(open_site: OpenSite) -> None:
    """Once a second a worker writes down what it has counted, for whichever other is asked."""
    site = open_site()
    site.ask("/mail/config-v1.1.xml", "sample.co.jp")
    site.run(site.context.tick())

    assert b'"requests mozilla served": 1' in (site.context.settings.state_dir / "workers" / "0.json").read_bytes()


def test_certificate(open_site: OpenSite, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where profiles are signed, the end of the certificate is told; elsewhere there is no such series."""
    site = open_site()
    without = "autoconfig_profile_certificate_expiry_seconds" in site.ask(PATH, "localhost", client=INSIDE).text
    monkeypatch.setattr(type(site.context.signer), "expires", 1_900_000_000.5)

    assert without is False
    assert value(site, "autoconfig_profile_certificate_expiry_seconds") == 1_900_000_000.5


def test_duration() -> None:
    """The histogram is cumulative, and its sum in seconds."""
    tally = Tally()
    for seconds in (0.0001, 0.0002, 0.0002, 99.0):
        tally.took(seconds)
    (family,) = [
        family
        for family in families(text(Total(tally.named(), []))).values()
        if family.name == "autoconfig_request_duration_seconds"
    ]
    by_end = {sample.labels.get("le"): sample.value for sample in family.samples if sample.name.endswith("_bucket")}

    assert (by_end["0.0001"], by_end["0.00025"], by_end["10.0"], by_end["+Inf"]) == (1, 3, 3, 4)
    assert [sample.value for sample in family.samples if sample.name.endswith("_sum")] == [99.0005]
    assert f"one request in {SAMPLE}" in family.documentation


def test_documented() -> None:
    """docs/operating.md has every metric with all values of its labels, and none besides; alerts name only such."""
    gauges = {**dict.fromkeys(HELP, 1.0)}
    found = families(text(Total(Tally().named(), [Worker(0, gauges)])))
    names = {f"{name}_total" if family.type == "counter" else name for name, family in found.items()}
    page = (ROOT / "docs" / "operating.md").read_text(encoding="utf-8")
    section = page.partition("\n### Metrics\n")[2].partition("\n## ")[0]
    rows = dict(re.findall(r"^\| `(autoconfig_\w+)`[^|]*\| (.*) \|$", section, re.MULTILINE))
    rules = (ROOT / "deploy" / "prometheus" / "alerts.yml").read_text(encoding="utf-8")
    used = {name.removesuffix("_bucket") for name in re.findall(r"autoconfig_\w+", rules)}

    assert names == set(rows)
    for label in [*Document, *Outcome]:
        assert f"`{label}`" in rows["autoconfig_requests_total"]
    for how in How:
        assert f"`{how.name.lower()}`" in rows["autoconfig_resolved_total"]
    for answer in ANSWERS:
        assert f"`{answer.name.lower()}`" in rows["autoconfig_mx_questions_total"]
    assert used <= names


def test_library_is_loaded_by_who_asks() -> None:
    """A process that nobody asks for metrics does not load the library for them."""
    code = "import sys, autoconfig.web.app; print('prometheus_client' in sys.modules)"

    assert subprocess.check_output([sys.executable, "-c", code], text=True) == "False\n"
