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
from autoconfig.check.codes import KINDS
from autoconfig.check.domain_check import Checked
from autoconfig.check.finding import Finding
from autoconfig.last_backup import note_backup
from autoconfig.mapping.memory import MemoryFinder
from autoconfig.resolver import How
from autoconfig.results.domain_result import Listed
from autoconfig.results.run import running
from autoconfig.web.fast_path.dispatch import SAMPLE
from autoconfig.web.health import Reason
from autoconfig.web.metrics.counters import ANSWERS, Counters, RequestKind, RequestOutcome
from autoconfig.web.metrics.prometheus import HELP, LABELS, text
from autoconfig.web.metrics.workers import Totals, WorkerState

if TYPE_CHECKING:
    from collections.abc import Mapping

    from prometheus_client.core import Metric

    from tests.web.conftest import OpenSite, Site

INSIDE = ("127.0.0.1", 40000)
PATH = "/internal/metrics"
ROOT = Path(__file__).parents[3]


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
    site.services.finder_fault = "gone"
    site.services.plans.path.write_text("nonsense", encoding="utf-8")
    site.run(site.upkeep.reload())

    assert good == (1, 0)
    assert (value(site, "autoconfig_mapping_available"), value(site, "autoconfig_plans_fault")) == (0, 1)
    assert value(site, "autoconfig_mapping_age_seconds", worker="0") == 7
    assert value(site, "autoconfig_plans_reloads_total", result="refused") == 1


def test_not_ready(open_site: OpenSite) -> None:
    """What keeps a worker from being ready is there to be seen by its reason, and so is that nothing does."""
    site = open_site()

    def seen() -> list[float]:
        reasons = [value(site, "autoconfig_not_ready", reason=reason) for reason in Reason]
        return [value(site, "autoconfig_ready"), *reasons]

    good = seen()
    site.services.finder_fault = "gone"

    assert (good, seen()) == ([1, 0, 0], [0, 1, 0])


def test_process(site: Site) -> None:
    """The process tells what Prometheus' own libraries tell, and when the last backup was made."""
    measured = [
        value(site, f"process_{name}")
        for name in ("cpu_seconds_total", "resident_memory_bytes", "virtual_memory_bytes", "open_fds", "max_fds")
    ]
    never = value(site, "autoconfig_last_backup_timestamp_seconds")
    site.services.settings.state_dir.mkdir(exist_ok=True)
    note_backup(site.services.settings.state_dir, Path("mapping.db"), 1_900_000_000)

    assert min(measured) > 0
    assert measured[1] < measured[2]
    assert abs(value(site, "process_start_time_seconds") - time.time()) < 3600
    assert (never, value(site, "autoconfig_last_backup_timestamp_seconds")) == (0, 1_900_000_000)


def test_check_of_all_domains(site: Site) -> None:
    """The findings of the last check of all domains are counted by severity and code, and its end is known."""
    never = value(site, "autoconfig_last_check_timestamp_seconds")
    kind = KINDS["port-closed"]
    found = Finding("port-closed", kind, "a.example", "mail.a.example:993", "refused", kind.severity)
    with running(site.services.settings.state_dir, "") as (run, _):
        run.plan([(Listed("a.example", "standard", "{}"), True)])
        for listed in run.work():
            run.keep_domain(listed, Checked(listed.name, (found,), 2, has_records=True, heard=True))
        run.finish()
    count = value(site, "autoconfig_check_findings", severity="error", code="port-closed")

    assert (never, count) == (0, 1)
    assert value(site, "autoconfig_last_check_timestamp_seconds") > 0


def test_tick_writes(open_site: OpenSite) -> None:
    """Once a second a worker writes down what it has counted, for whichever other is asked."""
    site = open_site()
    site.ask("/mail/config-v1.1.xml", "sample.co.jp")
    site.run(site.upkeep.tick())

    assert b'"requests mozilla served": 1' in (site.services.settings.state_dir / "workers" / "0.json").read_bytes()


def test_certificate(open_site: OpenSite, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where profiles are signed, the end of the certificate is told; elsewhere there is no such series."""
    site = open_site()
    without = "autoconfig_profile_certificate_expiry_seconds" in site.ask(PATH, "localhost", client=INSIDE).text
    monkeypatch.setattr(type(site.services.signer), "expires", 1_900_000_000.5)

    site.services.signer._key = site.services.signer._certificate = site.services.plans.path

    assert without is False
    assert value(site, "autoconfig_profile_certificate_fault") == 0
    assert value(site, "autoconfig_profile_certificate_expiry_seconds") == 1_900_000_000.5


def test_duration() -> None:
    """The histogram is cumulative, and its sum in seconds."""
    counters = Counters()
    for seconds in (0.0001, 0.0002, 0.0002, 99.0):
        counters.took(seconds)
    (family,) = [
        family
        for family in families(text(Totals(counters.named(), []))).values()
        if family.name == "autoconfig_request_duration_seconds"
    ]
    by_end = {sample.labels.get("le"): sample.value for sample in family.samples if sample.name.endswith("_bucket")}

    assert (by_end["0.0001"], by_end["0.00025"], by_end["10.0"], by_end["+Inf"]) == (1, 3, 3, 4)
    assert [sample.value for sample in family.samples if sample.name.endswith("_sum")] == [99.0005]
    assert f"one request in {SAMPLE}" in family.documentation


def test_documented() -> None:
    """
    docs/operating.md has every metric with all values of its labels, and none besides; alerts and the dashboard have no
    other ones.
    """
    gauges = {" ".join([name, *("x" for _ in LABELS.get(name, ()))]): 1.0 for name in HELP}
    found = families(text(Totals(Counters().named(), [WorkerState(0, gauges)])))
    names = {f"{name}_total" if family.type == "counter" else name for name, family in found.items()}
    page = (ROOT / "docs" / "operating.md").read_text(encoding="utf-8")
    section = page.partition("\n### Metrics\n")[2].partition("\n## ")[0]
    rows = dict(re.findall(r"^\| `((?:autoconfig|process)_\w+)`[^|]*\| (.*) \|$", section, re.MULTILINE))
    given = (ROOT / "deploy" / "prometheus").iterdir()
    words = [re.findall(r"\b(?:autoconfig|process)_\w+", path.read_text(encoding="utf-8")) for path in given]
    used = {name.removesuffix("_bucket") for found in words for name in found}

    assert names == set(rows)
    for label in [*RequestKind, *RequestOutcome]:
        assert f"`{label}`" in rows["autoconfig_requests_total"]
    for how in How:
        assert f"`{how.name.lower()}`" in rows["autoconfig_resolved_total"]
    for answer in ANSWERS:
        assert f"`{answer.name.lower()}`" in rows["autoconfig_mx_questions_total"]
    for reason in Reason:
        assert f"`{reason}`" in rows["autoconfig_not_ready"]
    assert len(used) > 15
    assert used <= names


def test_library_is_loaded_by_who_asks() -> None:
    """A process that nobody asks for metrics does not load the library for them."""
    code = "import sys, autoconfig.web.app; print('prometheus_client' in sys.modules)"

    assert subprocess.check_output([sys.executable, "-c", code], text=True) == "False\n"
