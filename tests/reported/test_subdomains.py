"""Names below a customer's domain that were answered wrongly: the numbers are those of the reports."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from tests.reported.asked import AUTODISCOVER, DOCUMENT, PLANS, ROWS, SETTINGS, hosts, plan, posted
from tests.reported.served import Served, serving

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("sub.wide.example", "mail.wide.example"),
        ("a.b.c.d.e.wide.example", "mail.wide.example"),
        ("a.b.c.d.e.f.wide.example", None),
        ("own.wide.example", "mail.own.wide.example"),
        ("x.own.wide.example", "mail.wide.example"),
        ("x.deep.wide.example", "mail.x.deep.wide.example"),
        ("soon.wide.example", None),
        ("gone.wide.example", None),
        ("x.customer.example", None),
    ],
    ids=[
        "below",
        "five below",
        "six below",
        "own row",
        "below one without",
        "nearest",
        "scheduled",
        "ended",
        "not said",
    ],
)
def test_4_subdomains(served: Served, name: str, expected: str | None) -> None:
    """A row that says so speaks for names below its own; `{domain}` is the name asked for, `{parent}` the row's."""
    if name == "gone.wide.example":
        served.run("mapping", "set", name, "--plan", "standard")
        served.run("mapping", "end", name)
    document = served.get(f"https://autoconfig.{name}{DOCUMENT}?emailaddress=user@{name}")
    pox = posted(served, f"https://autodiscover.{name}{AUTODISCOVER}", f"user@{name}")

    assert document.status == pox.status == (404 if expected is None else 200)
    assert hosts(document) == ({expected} if expected else set())
    if expected == "mail.wide.example":
        assert f"<username>user@{name}</username>" in document.body.decode()
        assert f"<domain>{name}</domain>" in document.body.decode()
        assert served.json("show", f"user@{name}")["row_of"] == "wide.example"


def test_4_validity(served: Served) -> None:
    """No cache keeps the document longer than until the next change of the name or of the row that speaks."""
    url = f"https://autoconfig.sub.changing.example{DOCUMENT}"
    served.run(
        "mapping", "set", "changing.example", "--plan", "standard", "--subdomains", "--from", "2100-01-01T00:00Z"
    )
    before = served.get(url)
    soon = datetime.now(UTC) + timedelta(minutes=10)
    served.run("mapping", "end", "changing.example", "--from", soon.isoformat())
    limit = re.fullmatch(r"public, max-age=(\d+), s-maxage=5", served.get(url).headers["cache-control"])

    assert before.headers["cache-control"] == "public, max-age=3600, s-maxage=5"
    assert limit is not None
    assert int(limit[1]) <= 600


def test_4_certificates(served: Served, tmp_path_factory: pytest.TempPathFactory) -> None:
    """Names below a domain get certificates only where a setting says so."""
    allowed = "http://localhost/internal/tls-allowed?domain=autoconfig."
    with serving(
        tmp_path_factory.mktemp("tls") / "site", PLANS, ROWS, {**SETTINGS, "tls_subdomains": "true"}
    ) as willing:
        assert willing.get(f"{allowed}sub.wide.example").status == 204
        assert willing.get(f"{allowed}x.customer.example").status == 404
        assert willing.get(f"{allowed}soon.wide.example").status == 404
    assert served.get(f"{allowed}sub.wide.example").status == 404
    assert served.get(f"{allowed}wide.example").status == 204


def test_4_words_of_a_row(served: Served, tmp_path: Path) -> None:
    """`subdomains` is a column with `yes` or nothing, in exports too, and no plan has such a param."""
    exported, bad = tmp_path / "export.csv", tmp_path / "bad.csv"
    served.run("mapping", "export", exported)
    lines = exported.read_text(encoding="utf-8").splitlines()
    bad.write_text("name,plan,subdomains\nx.example,standard,no\n", encoding="utf-8")
    plans = tmp_path / "plans.toml"
    plans.write_text(PLANS + plan("odd") + '[plans.odd.params]\nsubdomains = "x"\nparent = "y"\n', encoding="utf-8")
    faults = served.run("plans", "check", code=2, plans=plans)

    assert lines[0].split(",")[-1] == "subdomains"
    assert next(line for line in lines if line.startswith("wide.example")).endswith(",yes")
    assert "0 changed" in served.run("mapping", "sync", exported, "--dry-run")
    assert "subdomains is 'no'; write 'yes', or leave it empty" in served.run("mapping", "sync", bad, code=2)
    assert "plans.odd.params.subdomains" in faults
    assert "plans.odd.params.parent" in faults
    assert served.json("mapping", "show", "wide.example")["now"]["params"] == {"subdomains": "yes"}
