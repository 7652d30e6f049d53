from __future__ import annotations

import asyncio
import logging
import struct

import pytest

from autoconfig.errors import AutoconfigError, MappingUnavailable, SettingsInvalid
from autoconfig.mapping.sources.gate import Gate


@pytest.mark.parametrize(
    ("error", "said"),
    [
        pytest.param(IndexError("index out of range"), "IndexError: index out of range", id="text"),
        pytest.param(struct.error("unpack requires\na buffer"), "error: unpack requires a buffer", id="lines"),
        pytest.param(AttributeError(), "AttributeError", id="no text"),
        pytest.param(ValueError("x" * 9999), f"ValueError: {'x' * 188}", id="long"),
    ],
)
def test_what_a_driver_stumbles_over(error: Exception, said: str) -> None:
    """Is told as a server's that cannot be asked, on one line of bounded length, with the driver's error behind it."""
    with pytest.raises(MappingUnavailable) as caught, Gate().to("mysql://one/mail"):
        raise error

    assert f"mysql://one/mail: the driver does not understand it ({said.strip()})" in str(caught.value).replace(
        ": )", ":)"
    )
    assert caught.value.__cause__ is error


@pytest.mark.parametrize(
    "error",
    [MappingUnavailable("down"), SettingsInvalid("no file"), asyncio.CancelledError()],
    ids=["down", "settings", "cancelled"],
)
def test_what_passes(error: BaseException, caplog: pytest.LogCaptureFixture) -> None:
    """Errors of ours have their sentence already, and who goes away is no fault of the server's."""
    with pytest.raises((AutoconfigError, asyncio.CancelledError)) as caught, Gate().to("one"):
        raise error

    assert (error, []) == (caught.value, caplog.messages)


def test_the_log(caplog: pytest.LogCaptureFixture) -> None:
    """Has the traceback of each host once, however often it is asked, and again when it is another one."""
    gate = Gate()
    for where, text in [("one", "a"), ("two", "a"), ("one", "a"), ("two", "a"), ("one", "b"), ("one", "a")]:
        with pytest.raises(MappingUnavailable), gate.to(where):
            raise IndexError(text)

    told = [(message.partition(" ")[0], message.partition("IndexError: ")[2][0]) for message in caplog.messages]
    assert told == [("one:", "a"), ("two:", "a"), ("one:", "b"), ("one:", "a")]
    assert {IndexError} == {record.exc_info and record.exc_info[0] for record in caplog.records}
    assert {logging.ERROR} == {record.levelno for record in caplog.records}
