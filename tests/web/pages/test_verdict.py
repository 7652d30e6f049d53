"""The page says of each program what the restated programs of tests/clients really end with."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from autoconfig.mail.domain import Domain
from autoconfig.web.pages.explanations import Explanations
from autoconfig.web.pages.programs import Program
from autoconfig.web.pages.traits import TRAITS
from autoconfig.web.pages.verdict import Verdict, instead_of, verdict_of
from tests.clients.readers.cases import CASES
from tests.clients.readers.client import AUTOCONFIG, AUTODISCOVER, ENCRYPTED, PLAIN
from tests.clients.readers.every import CLIENTS
from tests.clients.readers.exceptions import EXEMPTED
from tests.support.demo import DOMAINS
from tests.web.pages.conftest import RICH, page_for, words

if TYPE_CHECKING:
    from autoconfig.mail.account import Account
    from tests.clients.readers.cases import Case
    from tests.web.conftest import OpenSite, Site

DEMO = [CASES[domain] for domain in DOMAINS]
IDS = [case.domain for case in DEMO]


def account_of(site: Site, name: str) -> tuple[Account, Explanations]:
    """A customer's account, and what there is to explain."""
    resolution = site.runner.run(site.services.resolve({}, Domain.parse(name), None))
    account = resolution.bound.account(resolution.domain, None)
    return account, Explanations.of(account)


def loses_encryption(client: str, case: Case) -> bool:
    """Whether a restated program ends with another login than the provider's table, by each way that it has."""
    ways = {step.format for step in CLIENTS[client].steps(case.person)}
    return ways == {format_ for format_ in (AUTOCONFIG, AUTODISCOVER) if _changes_login(client, format_, case)}


def _changes_login(client: str, format_: str, case: Case) -> bool:
    return any(
        exempted.client == client
        and format_ in exempted.formats
        and case.domain in exempted.cases
        and exempted.change(case.servers[0], case.person).logins != case.servers[0].logins
        for exempted in EXEMPTED
        if exempted.change.__name__ == "_cleartext"
    )


@pytest.mark.parametrize("case", DEMO, ids=IDS)
@pytest.mark.parametrize(
    ("client", "program"),
    [("Outlook 2010+", Program.OUTLOOK_CLASSIC), ("Thunderbird", Program.THUNDERBIRD)],
    ids=["Outlook", "Thunderbird"],
)
def test_as_the_program_ends(site: Site, client: str, program: Program, case: Case) -> None:
    """Where the restated program sends the normal password, the page says so; without TLS, that it can be read."""
    verdict = verdict_of(program, *account_of(site, case.domain))
    plain = any(server.tls == PLAIN for server in case.servers)
    if loses_encryption(client, case):
        assert verdict is (Verdict.READABLE if plain else Verdict.UNENCRYPTED_LOGIN)
    else:
        assert verdict is (Verdict.WARNS if plain else Verdict.FITS)


@pytest.mark.parametrize("case", DEMO, ids=IDS)
def test_thunderbird_on_android(site: Site, case: Case) -> None:
    """Where the restated program refuses the document, the page promises no automatic way, but has the code."""
    refuses = any(e.client == "Thunderbird Android" and case.domain in e.cases for e in EXEMPTED)
    text = words(page_for(site, case.person.address, program="thunderbird-android"))

    assert ("Thunderbird does not look up a server without encryption" in text) is refuses
    assert ("Thunderbird finds the settings by itself" in text) is not refuses
    assert "Scan QR code" in text


ENCRYPTED_PLANS = {case.domain for case in DEMO if case.servers[0].logins == (ENCRYPTED,)}
OLD = "old-shop.example"
EXPECTED = {
    Program.GMAIL: Verdict.READABLE,
    Program.OUTLOOK: Verdict.NO_USER_NAME,
    Program.OUTLOOK_MOBILE: Verdict.READABLE,
    Program.OUTLOOK_MAC: Verdict.READABLE,
    Program.IPHONE: Verdict.WARNS,
    Program.MAC: Verdict.WARNS,
    Program.BECKY: Verdict.PERHAPS_READABLE,
    Program.OTHER: Verdict.PERHAPS_READABLE,
    Program.GMAIL_WEB: Verdict.ENDED,
    Program.WINDOWS_MAIL: Verdict.ENDED,
}


@pytest.mark.parametrize(("program", "verdict"), EXPECTED.items(), ids=EXPECTED.keys())
def test_old_system(site: Site, program: Program, verdict: Verdict) -> None:
    """The old system's servers: what Outlook and Gmail break is not promised."""
    account, facts = account_of(site, OLD)

    assert verdict_of(program, account, facts) is verdict
    assert all(not verdict_of(other, account, facts).advised_against for other in instead_of(program, account, facts))


@pytest.mark.parametrize("program", [p for p in Program if TRAITS[p].encrypted_login is False])
@pytest.mark.parametrize("domain", DOMAINS)
def test_nothing_is_promised(site: Site, program: Program, domain: str) -> None:
    """A program without encrypted passwords never gets a page that is silent where the plan says encrypted."""
    text = words(page_for(site, f"taro@{domain}", program=program.value))
    said = any(
        sentence in text
        for sentence in (
            "sends the normal password, over the encrypted connection",
            "The password can be read on the way here",
            "cannot be set up for this address",
            "cannot fetch this mail",
            "has ended. Microsoft",
        )
    )

    assert said is (domain in ENCRYPTED_PLANS or TRAITS[program].ended)


def test_instead(site: Site) -> None:
    """What is to be taken instead stands there as a link; a program that cannot be set up has no steps but that."""
    text = words(page_for(site, f"taro@{OLD}", program="outlook"))

    assert "it has no field for the user name taro.old-shop.example" in text
    assert "Take one of these programs instead" in text
    assert "choose a provider" not in text


def test_two_user_names(open_site: OpenSite) -> None:
    """A program with one user name for both directions is none for servers that want two."""
    site = open_site(plans=RICH)
    site.finder.add("rich.example", "rich")
    site.finder.add("plain.example", "plain-sending")

    assert verdict_of(Program.OUTLOOK_MAC, *account_of(site, "rich.example")) is Verdict.NO_USER_NAME
    assert verdict_of(Program.THUNDERBIRD, *account_of(site, "plain.example")) is Verdict.READABLE
