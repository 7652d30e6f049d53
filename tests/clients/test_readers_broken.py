from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.clients.readers.cases import CASES
from tests.clients.readers.client import AUTOCONFIG, AUTODISCOVER, Client, Refused, Step
from tests.clients.readers.every import CLIENTS
from tests.clients.readers.exceptions import arrives
from tests.clients.readers.serving import serving
from tests.clients.readers.wire import Wire

if TYPE_CHECKING:
    from pathlib import Path

    from tests.clients.readers.cases import Case

STEPS = [
    (client, step, case) for client in CLIENTS.values() for case in CASES.values() for step in client.steps(case.person)
]
EVERY = {(client.name, step.format) for client, step, _ in STEPS}
# Autodiscover's readers that go by the port, or that try both kinds of TLS.
BLIND_TO_TLS = {(name, AUTODISCOVER) for name in ("Thunderbird", "FairEmail", "Delta Chat", "SnappyMail")}
BLIND_TO_PORTS = {("GNOME Online Accounts", AUTOCONFIG)}
_DESKTOPS = ("Thunderbird", "Thunderbird Android", "Evolution", "Evolution 3.46", "KMail", "KMail 22.12")
READ_THE_LOGIN = {(name, AUTOCONFIG) for name in _DESKTOPS}

# A text of plans.toml, what stands there instead, the plan, and who sees it.
CHANGES = {
    "port": ('host = "{server}", port = 465', 'host = "{server}", port = 466', "xserver", EVERY - BLIND_TO_PORTS),
    "TLS mode": (
        'port = 587, tls = "starttls", l',
        'port = 587, tls = "ssl", l',
        "shared-standard",
        EVERY - BLIND_TO_TLS,
    ),
    "login method": (
        'tls = "starttls", login = ["password-cleartext"]',
        'tls = "starttls", login = ["password-encrypted"]',
        "shared-standard",
        READ_THE_LOGIN,
    ),
}


def arrived(client: Client, step: Step, case: Case, port: int) -> bool:
    """Whether the program arrives where the provider's table and the exceptions say."""
    try:
        expected = arrives(client, step, case)
    except Refused:
        return True  # what it refuses, it refuses whatever the value is
    try:
        return expected == step.read(step.ask(Wire(port)))
    except Refused:
        return False


@pytest.mark.parametrize("name", CHANGES)
def test_one_value_is_another(tmp_path: Path, name: str) -> None:
    """One value changed in one plan is noticed by every program that reads this value, and for this plan alone."""
    old, new, plan, seeing = CHANGES[name]
    with serving(tmp_path / "demo", {old: new}) as port:
        missed = [(c, s, case) for c, s, case in STEPS if not arrived(c, s, case, port)]

    assert {(client.name, step.format) for client, step, _ in missed} == seeing
    assert {case.plan for _, _, case in missed} == {plan}
    assert {case.domain for _, _, case in missed} == {domain for domain, case in CASES.items() if case.plan == plan}
