"""The strict reader of the QR codes of Thunderbird for Android."""

from __future__ import annotations

import json

import pytest

from tests.clients.readers.client import Refused
from tests.clients.readers.thunderbird_qr import read

GOOD = [
    1,
    [1, 1],
    [0, "mail.example", 993, 3, 1, "a@mail.example"],
    [[[0, "mail.example", 465, 3, 1, "a@mail.example"], ["a@mail.example", ""]]],
]
BROKEN = {
    "version": ([0], 2),
    "several codes": ([1], [1, 2]),
    "protocol": ([2, 0], 2),
    "reserved security": ([2, 3], 1),
    "authentication": ([2, 4], 7),
    "port as text": ([2, 2], "993"),
    "port": ([2, 2], 65536),
    "host": ([2, 1], "mail example"),
    "user name on two lines": ([2, 5], "a\nb"),
    "SMTP of another kind": ([3, 0, 0, 0], 1),
    "address": ([3, 0, 1, 0], "a"),
    "name on two lines": ([3, 0, 1, 1], "a\rb"),
    "no servers to send by": ([3], []),
}


@pytest.mark.parametrize(("place", "value"), BROKEN.values(), ids=BROKEN.keys())
def test_reader_is_strict(place: list[int], value: object) -> None:
    """The reader takes a good code, and refuses one with any value that the app does not know."""
    assert read(json.dumps(GOOD)).address == "a@mail.example"
    changed = json.loads(json.dumps(GOOD))
    inner = changed
    for index in place[:-1]:
        inner = inner[index]
    inner[place[-1]] = value

    with pytest.raises(Refused):
        read(json.dumps(changed))
