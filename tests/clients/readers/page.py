"""docs/clients.md, made from what the tests use: programs, steps, cases and exceptions."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from tests.clients.readers.cases import CASES
from tests.clients.readers.client import AUTODISCOVER, Person
from tests.clients.readers.every import CLIENTS
from tests.clients.readers.exceptions import EXEMPTED
from tests.clients.readers.odd_addresses import ODD_ADDRESSES

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from tests.clients.readers.client import Client, Step

_HEAD = """\
# Mail programs

What each mail program finds when it asks this server for each plan of the demo, step for step. This page is made from
the tests by `make docs`. Letters and numbers such as A5 are sections of notes on mail programs that are not part of
this repository.

**Evidence.** The programs on this page are not run. Each is imitated by a strict reader: a small module in
`tests/clients/readers/` that restates one program from its source, from documents or from runs, and names them. The
tests run these readers against the demo as it is served: they send the program's own requests over a socket, byte for
byte, and read the answers in its own way. The requests come as if a proxy had ended TLS. Other tests check how strict
each reader is (`test_readers_autoconfig.py`, `test_readers_autodiscover.py`): it refuses or misreads the same documents
as the real program. Desktop Thunderbird is also run, by the tests in `tests/clients/thunderbird/`.
"""

_STEPS = """\
## Steps

Each row is one request of a program, as if no other were answered. ✓: the program arrives at the hosts, ports, TLS
modes, login methods and user names of the provider's table, as far as it reads them. A number: the exception below.
`D` is the mail domain, `A` the address in the program's encoding. Each cell is a test of `test_readers.py::test_step`,
the last column names it. That these are the requests is tested by `test_readers_requests.py::test_requests`.
"""

_OTHER_WAYS = (
    ("all names answer", "all", "one request is enough, exceptions aside", "test_readers.py::test_whole_discovery"),
    (
        "the QR code on the page for people",
        "Thunderbird Android",
        "it imports exactly the account, for IMAP or POP3, `legacy-os` too (`tests/web/pages/test_codes.py`)",
        "test_thunderbird_qr.py::test_reader_is_strict",
    ),
    (
        "an unknown domain",
        "all",
        "nothing is taken from our 404; the program asks on to its end",
        "test_readers.py::test_unknown_domain",
    ),
    (
        "a 404 with an empty body, which this server never sends",
        "KMail 22.12",
        "the search ends there, and its next place is not asked",
        "test_readers_requests.py::test_empty_404",
    ),
    (
        "the name of the mail exchanger, `autoconfig.cs312.xbit.jp`",
        "Thunderbird, Thunderbird Android, Evolution, Nextcloud Mail",
        "they arrive, with a row or without",
        "test_readers_mx.py::test_name_of_the_exchanger",
    ),
    (
        "its base domain, `autoconfig.xbit.jp`",
        "Thunderbird, Evolution, GNOME Online Accounts",
        "they arrive if the domain has a row; Thunderbird Android sends no address and gets 404",
        "test_readers_mx.py::test_base_domain_of_the_exchanger",
    ),
    (
        "`plain_http = redirect`",
        "all that ask by http, but for two",
        "they follow to https and arrive; FairEmail (same scheme only) and Himalaya (none) go to their next step",
        "test_readers_plain_http.py::test_redirected",
    ),
    (
        "`plain_http = refuse`",
        "all",
        "nothing is taken from an answer by plain http",
        "test_readers_plain_http.py::test_refused",
    ),
    (
        "a domain typed in Japanese",
        "Thunderbird, FairEmail, Outlook 2010+",
        "Autodiscover answers for its A-label",
        "test_readers_requests.py::test_unicode_domain_in_a_body",
    ),
    (
        "PACC, on `ua-auto-config.D`",
        "Himalaya",
        "readers of -02 and -03 arrive with the TXT record that `show` prints; 404 for plans that it has no words for",
        "test_readers_pacc.py::test_arrives",
    ),
    (
        "a plan with calendars, contacts, JMAP, ManageSieve, ActiveSync, OAuth2 and webmail",
        "all",
        "they still arrive at the mail servers",
        "test_readers_vocabulary.py::test_more_harms_nobody",
    ),
    (
        "one value of a plan is another",
        "all that read it",
        "the tests fail; who reads what stands in the test",
        "test_readers_broken.py::test_one_value_is_another",
    ),
)


def page() -> str:
    """The text of docs/clients.md."""
    parts = [_HEAD, *_programs(), "", _STEPS, *_steps(), "", *_columns(), "", *_exceptions(), "", *_other_ways(), ""]
    return "\n".join(parts)


def _table(*titles: str) -> Iterator[str]:
    yield _row(*titles)
    yield "|---" * len(titles) + "|"


def _row(*cells: str) -> str:
    return f"| {' | '.join(cells)} |"


def _programs() -> Iterator[str]:
    yield from ("## Programs", "")
    yield from _table("program", "evidence", "version", "looks for", "decides by itself")
    for client in CLIENTS.values():
        yield _row(client.name, client.evidence, client.source, ", ".join(client.protocols), client.itself)


def _plans() -> dict[str, list[str]]:
    """Columns: domains by plan, and apart what rows say beside it."""
    columns: dict[str, list[str]] = {}
    for case in CASES.values():
        columns.setdefault(case.beside or f"`{case.plan}`", []).append(case.domain)
    return columns


def _steps() -> Iterator[str]:
    columns = _plans()
    yield from _table("program", "step", "request", *columns, "test")
    for client in CLIENTS.values():
        for step in client.steps(Person("D", "A")):
            cells = [_cell(client, step, domains) for domains in columns.values()]
            test = f"`[{client.name}, {step.name}-…]`"
            yield _row(client.name, step.name, f"`{_request(step)}`", *cells, test)


def _request(step: Step) -> str:
    posted = step.format == AUTODISCOVER and "GET" not in step.name and "redirect" not in step.name
    url, mark, query = step.url.partition("?")
    url = url.replace("//d/", "//D/").replace(".d/", ".D/")
    sent = re.sub("emailmd5=.*", "emailmd5=…", query.replace("A%40D", "A").replace("A@D", "A"))
    return f"{'POST' if posted else 'GET'} {url}{mark}{sent}"


def _cell(client: Client, step: Step, domains: Sequence[str]) -> str:
    numbers = [
        [str(number) for number, exempted in enumerate(EXEMPTED, 1) if exempted.holds(client, step, CASES[domain])]
        for domain in domains
    ]
    (cell,) = {", ".join(some) or "✓" for some in numbers}  # one for all domains of a plan
    return cell


def _columns() -> Iterator[str]:
    for title, domains in _plans().items():
        case = CASES[domains[0]]
        yield f"- {title}{f' on `{case.plan}`' if case.beside else ''}: {', '.join(f'`{name}`' for name in domains)}"


def _exceptions() -> Iterator[str]:
    yield from ("## Exceptions", "", "Each is proved by the same tests: the reader ends as it says.", "")
    yield from _table("", "program", "by", "plans", "what happens instead", "why")
    for number, exempted in enumerate(EXEMPTED, 1):
        titles = [title for title, domains in _plans().items() if set(domains) <= set(exempted.cases)]
        formats = ", ".join(exempted.formats)
        yield _row(str(number), exempted.client, formats, ", ".join(titles), exempted.instead, exempted.reason)
    yield from ("", "With some addresses, whatever the plan (`test_readers_requests.py::test_local_parts`):", "")
    yield from _table("program", "address such as", "what happens instead", "why")
    for odd in ODD_ADDRESSES:
        yield _row(odd.client, f"`{odd.local}@D`", odd.instead, odd.reason)


def _other_ways() -> Iterator[str]:
    yield from ("## Other ways", "")
    yield from _table("way", "who", "what happens", "test")
    for way, who, what, test in _OTHER_WAYS:
        yield _row(way, who, what, f"`{test}`")
