from __future__ import annotations

import contextlib
import re
import signal
import sqlite3
import threading
import time
from html.parser import HTMLParser
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import unquote, urlsplit

import pytest

from tests.conftest import needs
from tests.support.mail_scripts import imap, smtp
from tests.support.many_domains import host_of, made_knot, make_folder, plans_text
from tests.support.peer_certificates import trusted
from tests.support.scripted_mail import MailServer, server_context, with_tls

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.cli.conftest import Command, Start
    from tests.support.scripted_mail import Script, Wire
    from tests.support.servers.knot import Knot

HOSTS = [host_of(number) for number in range(3)]
ADDRESSES = {host: f"127.0.1.{number}" for number, host in enumerate(HOSTS, 1)}
ROWS = {f"d{number:02}.co.jp": HOSTS[number % len(HOSTS)] for number in range(12)}
HOSTILE = "* BYE <script>alert(1)</script>\x1b[2J"
GOOD = server_context(trusted().issue(*HOSTS))
LIMIT = 120.0
"""Seconds after which something that does not happen is given up."""


class Switched:
    """A script that a test can replace."""

    def __init__(self, script: Script) -> None:
        self.script = script

    def __call__(self, wire: Wire) -> None:
        """Play the script of now."""
        self.script(wire)


class Mail(NamedTuple):
    """The mail servers of all hosts."""

    imap: dict[str, MailServer]
    smtp: dict[str, MailServer]
    scripts: dict[str, Switched]
    """Those of IMAP."""
    smtp_scripts: dict[str, Switched]

    @property
    def plans(self) -> str:
        """The plan that announces them."""
        return plans_text(self.imap[HOSTS[0]].port, self.smtp[HOSTS[0]].port)

    def connections(self) -> list[int]:
        """How many each got: IMAP by host, then SMTP."""
        return [server.connections for servers in (self.imap, self.smtp) for server in servers.values()]


@pytest.fixture
def mail() -> Iterator[Mail]:
    """IMAP and SMTP servers at three addresses."""
    scripts = [{host: Switched(with_tls(GOOD, script)) for host in HOSTS} for script in (imap(), smtp())]
    made = Mail({}, {}, *scripts)
    servers: list[MailServer] = []
    try:
        for host, address in ADDRESSES.items():
            for kind, script in ((made.imap, made.scripts[host]), (made.smtp, made.smtp_scripts[host])):
                port = next(iter(kind.values())).port if kind else 0
                kind[host] = MailServer(script, address, port)
                servers.append(kind[host])
        yield made
    finally:
        for server in servers:
            server.__exit__()


class Site(NamedTuple):
    """A folder with a mapping of twelve domains, and its name server."""

    folder: Path
    knot: Knot

    @property
    def check(self) -> list[str]:
        """The command without its other options."""
        config, roots = str(self.folder / "autoconfig.toml"), str(self.folder / "root.pem")
        where = ["--nameserver", f"127.0.0.1:{self.knot.port}", "--ca-file", roots, "--allow-private"]
        return ["--config", config, "check", "--all", *where]


@pytest.fixture
def site(mail: Mail, tmp_path: Path) -> Iterator[Site]:
    """The site of a provider whose mail servers these are."""
    folder = tmp_path / "site"
    make_folder(folder, mail.plans, ROWS)
    knot = made_knot(needs("knotd", "knot"), mail.plans, ROWS, ADDRESSES)
    try:
        yield Site(folder, knot)
    finally:
        knot.remove()


def rows_of(site: Site, table: str) -> int:
    """How many rows a table of the results has."""
    file = site.folder / "state" / "checks.db"
    if not file.exists():
        return 0
    with contextlib.closing(sqlite3.connect(f"file:{file}?mode=ro", uri=True)) as connection:
        try:
            return int(connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0])
        except sqlite3.OperationalError:
            return 0


def test_killed(site: Site, mail: Mail, command: Command, start: Start) -> None:
    """A check that was killed goes on: what was asked is not asked again; the next check asks anew."""
    gate = threading.Event()
    healthy = mail.smtp_scripts[HOSTS[2]].script
    mail.smtp_scripts[HOSTS[2]].script = lambda _wire: (gate.wait(LIMIT), None)[1]
    process = start(*site.check, "--timeout", "100").process
    try:
        until = time.monotonic() + LIMIT
        # Of five servers what clients see with and without SNI, and the domains that are on two of the hosts.
        while (rows_of(site, "observation"), rows_of(site, "domain")) != (10, 8):
            assert process.poll() is None
            assert time.monotonic() < until
            time.sleep(0.05)
    finally:
        process.send_signal(signal.SIGKILL)
        process.wait(LIMIT)
    before = mail.connections()
    mail.smtp_scripts[HOSTS[2]].script = healthy
    gate.set()
    second = command(*site.check, "--timeout", "100", "--json")
    after = mail.connections()
    command(*site.check, "--timeout", "100")

    assert before == [2, 2, 2, 2, 2, 1]
    assert "going on with a check that was interrupted: 4 domains are left" in second.err
    assert after == [2, 2, 2, 2, 2, 3]
    assert mail.connections() == [4, 4, 4, 4, 4, 5]
    assert (second.data["domains"], second.data["findings"]) == (12, {})


def test_changes(site: Site, mail: Mail, command: Command) -> None:
    """The first check prints what is wrong, one line each, the second what is new; --diff what is gone besides."""
    healthy = mail.scripts[HOSTS[0]].script
    mail.scripts[HOSTS[0]].script = with_tls(GOOD, imap(greeting=HOSTILE))
    first = command(*site.check, code=1)
    again = command(*site.check, code=1)
    mail.scripts[HOSTS[0]].script = healthy
    mail.scripts[HOSTS[1]].script = with_tls(server_context(trusted().issue("other.example")), imap())
    changed = command(*site.check, "--diff", code=1)
    told = command(*site.check, "--diff", "--json", code=1)
    mail.scripts[HOSTS[1]].script = healthy
    shown = command("--config", site.folder / "autoconfig.toml", "show", "d01.co.jp")
    as_json = command("--config", site.folder / "autoconfig.toml", "show", "d01.co.jp", "--json").data["last_check"]

    new = [line for line in first.out.splitlines() if line.startswith("new: error greeting-refused: ")]
    assert len(new) == 4
    assert "<script>" in new[0]
    assert "\x1b" not in first.out
    assert "12 domains, 6 servers asked; 4 findings; 4 domains have errors" in first.out
    assert "new:" not in again.out
    assert changed.out.count("new: error certificate-wrong-name: ") == 4
    assert changed.out.count("gone: error greeting-refused: ") == 4
    assert (told.data["new"], told.data["gone"]) == ([], [])
    assert told.data["findings"] == {"error certificate-wrong-name": 4}
    assert re.search(
        r"^Last check +\S+, by .+\n +error certificate-wrong-name: cs001.xbit.jp:", shown.out, re.MULTILINE
    )
    assert [finding["code"] for finding in as_json["findings"]] == ["certificate-wrong-name"]


def test_changed_since(site: Site, mail: Mail, command: Command) -> None:
    """Only domains whose row changed are asked about; others keep their result, and ended ones go."""
    mail.scripts[HOSTS[0]].script = with_tls(GOOD, imap(greeting=HOSTILE))
    command(*site.check, code=1)
    before = mail.connections()
    config = site.folder / "autoconfig.toml"
    since = int(time.time()) + 1
    while time.time() < since:
        time.sleep(0.05)
    command("--config", config, "mapping", "set", "d00.co.jp", "--plan", "shared", "--param", f"server={HOSTS[1]}")
    command("--config", config, "mapping", "end", "d03.co.jp")
    moment = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(since))
    result = command(*site.check, "--changed-since", moment, "--json", code=1).data
    command("--config", config, "check", "d00.co.jp", "--changed-since", moment, code=2)

    # The zone of the changed domain still has the servers of before, for IMAP and SMTP.
    assert (result["domains"], result["findings"]) == (11, {"error greeting-refused": 2, "error srv-contradicts": 2})
    assert [now - then for now, then in zip(mail.connections(), before, strict=True)] == [0, 2, 0, 0, 2, 0]


class Page(HTMLParser):
    """The links of a page, and whether it is one of ours."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.links: list[str] = []
        self.scripts: list[str | None] = []
        self.language: str | None = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """See `HTMLParser`."""
        given = dict(attrs)
        self.links += [value for name in ("href", "src") if (value := given.get(name))]
        if tag == "script":
            self.scripts.append(given.get("src"))
        if tag == "html":
            self.language = given.get("lang")


def test_report(site: Site, mail: Mail, command: Command) -> None:
    """The report is whole in both languages, every link leads to a file, and nothing in it is a server's markup."""
    mail.scripts[HOSTS[0]].script = with_tls(GOOD, imap(greeting=HOSTILE))
    folder = site.folder / "report"
    command(*site.check, "--report", folder, code=1)
    first = (folder / "current").readlink()
    command(*site.check, "--report", folder, code=1)
    pages = {path: path.read_text(encoding="utf-8") for path in folder.rglob("*.html")}
    names = {language: [p for p in pages if f"/{language}/" in str(p)] for language in ("ja", "en")}

    for path, text in pages.items():
        page = Page(text)
        for link in page.links:
            assert urlsplit(link).scheme == "", link
            assert (path.parent / unquote(link)).resolve().is_file(), f"{path}: {link}"
        assert all(page.scripts)
        assert "<script>alert" not in text
        assert "\x1b" not in text
        if path.parent != folder:
            assert page.language == path.relative_to(folder).parts[1]
    assert len(names["ja"]) == len(names["en"]) == len(ROWS) + 1 + 1 + 1 + 1 + 1  # index, all, a code, a plan, a server
    japanese = "".join(pages[path] for path in names["ja"])
    assert "すべてのメールソフト" in japanese
    assert "every mail program" not in japanese
    whole = "".join(pages[path] for path in names["en"])
    assert whole.count("&lt;script&gt;alert(1)&lt;/script&gt;\\x1b[2J") == 4
    assert [p.name for p in folder.iterdir() if p.name.startswith("site-")] != [str(first)]
    assert len([p for p in folder.iterdir() if p.name.startswith("site-")]) == 1


def test_query(site: Site, command: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where a query is the mapping, its list of all names is checked; it does not say when a row changed."""
    with contextlib.closing(sqlite3.connect(site.folder / "billing.db", isolation_level=None)) as connection:
        connection.execute("CREATE TABLE customers (domain TEXT, host TEXT, plan TEXT)")
        rows = [(name, host, "shared") for name, host in ROWS.items()]
        connection.executemany("INSERT INTO customers VALUES (?, ?, ?)", [*rows, ("gone.co.jp", None, None)])
    columns = "plan, host AS server FROM customers"
    monkeypatch.setenv("AUTOCONFIG_DATABASE", f"sqlite:///{site.folder}/billing.db")
    monkeypatch.setenv("AUTOCONFIG_QUERY", f"SELECT {columns} WHERE domain = :domain")
    unlisted = command(*site.check, code=1)
    monkeypatch.setenv("AUTOCONFIG_QUERY_ALL", f"SELECT domain, {columns} ORDER BY domain")
    result = command(*site.check, "--json").data
    refused = command(*site.check, "--changed-since", "2026-01-01", code=1)

    assert "query_all" in unlisted.err
    assert (result["domains"], result["findings"]) == (len(ROWS), {})
    assert "does not say since when" in refused.err


def test_report_refused(site: Site, command: Command, tmp_path: Path) -> None:
    """A folder with something else in it is left alone, and nothing is asked."""
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "letter").touch()
    result = command(*site.check, "--report", tmp_path / "mine", code=1)

    assert "has other files in it than a report" in result.err
    assert not (site.folder / "state" / "checks.db").exists()


@pytest.mark.parametrize("more", [["sample.co.jp"], ["--login"]], ids=["a domain", "login"])
def test_usage(site: Site, command: Command, more: list[str]) -> None:
    """--all goes with neither a domain nor a login."""
    assert "--all" in command(*site.check, *more, code=2).err
