from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from autoconfig.errors import MappingUnavailable, PlansInvalid
from autoconfig.mapping.memory import MemoryFinder

if TYPE_CHECKING:
    from tests.support.log_lines import LogLines
    from tests.web.conftest import OpenSite


class Flaky(MemoryFinder):
    """A mapping whose database comes and goes."""

    problem: str | None = None

    async def watch(self) -> None:
        """See `Finder`."""
        if self.problem:
            raise MappingUnavailable(self.problem)


def test_plans_are_taken_over(open_site: OpenSite, log_lines: LogLines) -> None:
    """A changed plans.toml is served after it was left alone for two seconds."""
    clock = [1000.0]
    site = open_site(clock=lambda: clock[0])
    file = site.services.settings.plans
    ports = []
    file.write_text(file.read_text(encoding="utf-8").replace("port = 465", "port = 2465"), encoding="utf-8")
    for clock[0] in (1001.0, 1002.0, 1003.5, 1004.5):
        site.run(site.upkeep.tick_plans())
        ports.append("2465" in site.ask("/mail/config-v1.1.xml").text)

    assert ports == [False, False, True, True]
    assert [(line["event"], line["plans"]) for line in log_lines()] == [("plans.toml was loaded", 6)]


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        pytest.param("[plans.x", "is not TOML", id="cut off"),
        pytest.param(
            '[plans.xserver]\nname = "X"\nredirect_url = "https://a.example/"\n', "plans.legacy-os", id="drops plans"
        ),
    ],
)
def test_bad_plans(open_site: OpenSite, log_lines: LogLines, text: str, fault: str) -> None:
    """A bad plans.toml changes nothing but what the log says, once, and a good one makes it good again."""
    clock = [1000.0]
    site = open_site(clock=lambda: clock[0])
    file = site.services.settings.plans
    good = file.read_text(encoding="utf-8")
    before = site.ask("/mail/config-v1.1.xml").content
    file.write_text(text, encoding="utf-8")
    for clock[0] in (1001.0, 1004.0, 1008.0):
        site.run(site.upkeep.tick_plans())
    (line,) = log_lines()

    assert (line["event"], line["level"]) == ("plans.toml is bad; serving the plans from before", "error")
    assert fault in line["faults"]
    assert site.ask("/mail/config-v1.1.xml").content == before

    file.write_text(good, encoding="utf-8")
    site.run(site.upkeep.reload())
    assert site.services.plans.fault is None
    assert log_lines()[0]["event"] == "plans.toml was loaded"


def test_start_with_a_copy(open_site: OpenSite, log_lines: LogLines) -> None:
    """A server that starts while plans.toml is bad serves the last good copy, and says so."""
    site = open_site()
    before = site.ask("/mail/config-v1.1.xml").content
    site.services.settings.plans.write_text("[plans.x", encoding="utf-8")
    site.run(site.upkeep.start())
    (line,) = log_lines()

    assert (line["event"], line["level"]) == ("plans.toml is bad; serving the last good copy", "error")
    assert site.ask("/mail/config-v1.1.xml").content == before


def test_start_without_a_copy(open_site: OpenSite) -> None:
    """A server that never had good plans does not start."""
    with pytest.raises(PlansInvalid):
        open_site(plans="[plans.x")


def test_database_comes_and_goes(open_site: OpenSite, log_lines: LogLines) -> None:
    """That a database cannot be used is logged once, not once a second, and that it is well again likewise."""
    finder = Flaky()
    site = open_site(finder)
    faults = []
    for finder.problem in (None, "gone", "gone", "locked", None, None, "gone"):
        site.run(site.upkeep.tick())
        faults.append(site.services.finder_fault)

    gone, back = "not ready", "ready again"
    assert faults == [None, "gone", "gone", "locked", None, None, "gone"]
    assert [(line["event"], line.get("reasons")) for line in log_lines()] == [
        (gone, "gone"),
        (back, None),
        (gone, "gone"),
    ]
