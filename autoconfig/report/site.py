"""Write a report: a static site that needs no server and no framework."""

from __future__ import annotations

from typing import TYPE_CHECKING

from autoconfig.mapping.times import format_time
from autoconfig.report.folder import new_site, write_entry, write_page
from autoconfig.report.rendering import ASSETS, LANGUAGES, asset, render
from autoconfig.report.tables import Tables, page_of

if TYPE_CHECKING:
    from pathlib import Path

    from autoconfig.report.tables import Listing
    from autoconfig.results.domain_result import DomainResult
    from autoconfig.results.last_run import LastRun

MOST_LISTINGS = 1000
"""Servers with a table of their own: those with the most domains."""


def write_report(last: LastRun, folder: Path, zone: str) -> None:
    """
    Write the results of a run into a folder; `zone` is the time zone of its times.

    Raises:
        Refused: the folder has something else in it.
        OSError: it cannot be written.
    """
    with new_site(folder) as site:
        _Site(site, last, zone).write()
    write_entry(folder, render("entry.html", "en", languages=LANGUAGES))


class _Site:
    """A site under way."""

    def __init__(self, folder: Path, last: LastRun, zone: str) -> None:
        self._folder, self._last, self._zone = folder, last, zone

    def write(self) -> None:
        """Write all pages."""
        for name in ASSETS:
            write_page(self._folder / name, asset(name))
        tables = Tables()
        for result in self._last.domains():
            tables.add(result)
            self._write_domain(result)
        every = tables.all()
        groups = {kind: tables.listings(kind)[:MOST_LISTINGS] for kind in ("code", "plan", "server")}
        for listing in (every, *(listing for group in groups.values() for listing in group)):
            self._write_listing(listing)
        totals = self._last.totals()
        self._write(
            "index.html",
            "index.html",
            totals=totals,
            severities=_by_severity(totals.findings),
            finished=format_time(self._last.finished_at, self._zone),
            every=every,
            groups=groups,
            code_severity={label.partition(" ")[2]: label.partition(" ")[0] for label in totals.findings},
        )

    def _write_domain(self, result: DomainResult) -> None:
        checked = format_time(result.checked_at, self._zone)
        self._write("domain.html", page_of(result.name), result=result, checked=checked)

    def _write_listing(self, listing: Listing) -> None:
        pages = list(listing.pages())
        for number, (path, rows) in enumerate(pages):
            before = pages[number - 1][0] if number else None
            after = pages[number + 1][0] if number + 1 < len(pages) else None
            self._write(
                "list.html",
                path,
                listing=listing,
                rows=rows,
                number=number + 1,
                of=len(pages),
                before=before,
                after=after,
            )

    def _write(self, template: str, path: str, **values: object) -> None:
        up = "../" * path.count("/")
        for language in LANGUAGES:
            others = {other: LANGUAGES[other] for other in LANGUAGES if other != language}
            text = render(template, language, path=path, up=up, others=others, **values)
            write_page(self._folder / language / path, text)


def _by_severity(findings: dict[str, int]) -> dict[str, int]:
    found = dict.fromkeys(("error", "warning", "note"), 0)
    for label, count in findings.items():
        found[label.partition(" ")[0]] += count
    return found
