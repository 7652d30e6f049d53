from __future__ import annotations

import io
import json
import logging
import os
import re
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
import structlog

from autoconfig import log
from autoconfig.settings import LogFormat
from autoconfig.visible import is_hidden

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture
def configured(request: pytest.FixtureRequest) -> Iterator[io.StringIO]:
    """Where lines of the format asked for are written to."""
    root, uvicorn = logging.getLogger(), logging.getLogger("uvicorn.error")
    before, level, uvicorn_level = root.handlers, root.level, uvicorn.level
    log.configure(request.param)
    (ours,) = root.handlers
    assert isinstance(ours, logging.StreamHandler)
    written = io.StringIO()
    ours.setStream(written)
    root.handlers = [*before, ours]
    yield written
    root.removeHandler(ours)
    root.setLevel(level)
    uvicorn.setLevel(uvicorn_level)
    structlog.reset_defaults()


def fail() -> None:
    """Raise, with a local variable that no log may show."""
    secret = "taro@sample.co.jp"  # noqa: F841
    raise RuntimeError("it broke")


def write() -> None:
    """A line of each kind."""
    log.logger().info("it works", domain="日本語.example")
    log.logger().debug("nobody wants to know")
    try:
        fail()
    except RuntimeError as error:
        log.logger().error("a bug", exc_info=error)
    logging.getLogger("library").warning("%s of %s", "one", "two")
    logging.getLogger("uvicorn.error").info("Started server process")


@pytest.mark.parametrize("configured", [LogFormat.JSON], indirect=True)
def test_json(configured: io.StringIO) -> None:
    """Every line is one JSON object with time, level, sentence and fields; libraries' lines too."""
    write()
    lines = [json.loads(line) for line in configured.getvalue().splitlines()]

    assert [(line["level"], line["event"]) for line in lines] == [
        ("info", "it works"),
        ("error", "a bug"),
        ("warning", "one of two"),
    ]
    assert all(line["timestamp"].endswith("Z") for line in lines)
    assert lines[0]["domain"] == "日本語.example"
    assert "日本語" in configured.getvalue()
    assert "RuntimeError: it broke" in lines[1]["exception"]
    assert "taro" not in configured.getvalue()


@pytest.mark.parametrize("configured", [LogFormat.CONSOLE], indirect=True)
def test_console(configured: io.StringIO) -> None:
    """A line for people has the same in it, and a traceback without the values of variables."""
    write()
    text = configured.getvalue()

    assert "it works" in text
    assert "domain=日本語.example" in text
    assert "RuntimeError: it broke" in text
    assert "one of two" in text
    assert "taro" not in text
    assert "nobody wants to know" not in text


@pytest.mark.parametrize("configured", [LogFormat.JSON], indirect=True)
def test_counted_error(configured: io.StringIO) -> None:
    """What strangers can cause is one line at once, and then one with a count and the latest fields."""
    for number in range(500):
        log.counted_error("a plan cannot be used", domain=f"a{number}.example")
    log.report_counts()
    log.report_counts(at_once=True)
    lines = [json.loads(line) for line in configured.getvalue().splitlines()]

    assert [(line["level"], line["event"], line["domain"], line.get("times")) for line in lines] == [
        ("error", "a plan cannot be used", "a0.example", None),
        ("error", "a plan cannot be used", "a499.example", 499),
    ]


@pytest.mark.parametrize("configured", list(LogFormat), indirect=True)
def test_hidden_characters(configured: io.StringIO) -> None:
    """Nothing that somebody sent or wrote into a file reaches a terminal as more than text."""
    value = "a\x1b]0;owned\x07\x9b31m\u202e"
    log.logger().error(f"event {value}", field=value, other=[value])
    try:
        raise RuntimeError(value)
    except RuntimeError as error:
        log.logger().error("a bug", exc_info=error)
    logging.getLogger("library").warning("%s", value)

    assert set(filter(is_hidden, configured.getvalue())) == {"\n"}
    assert configured.getvalue().count("owned") == 5


QUEUED = """
import logging, sys
from autoconfig import log
from autoconfig.settings import LogFormat
from autoconfig.visible import is_hidden
log.configure(LogFormat.CONSOLE, queued=True)
for number in range(500):
    logging.getLogger("uvicorn.error").warning("Invalid HTTP request received.")
    log.logger().info("ours", number=number)
"""


def test_queued() -> None:
    """A process that ends has written its lines; ours are all there, and what a library repeats is counted."""
    done = subprocess.run([sys.executable, "-c", QUEUED], capture_output=True, text=True, check=True)
    lines = done.stderr.splitlines()

    assert sum("ours" in line for line in lines) == 500
    assert ["times=499" in line for line in lines if "Invalid HTTP request" in line] == [False, True]


@pytest.mark.parametrize("before", ["", "import rich;"], ids=["first", "after rich"])
def test_rich(before: str) -> None:
    """Logging loads no Rich, whose tracebacks would show variables, and leaves it to those who did."""
    program = f"import sys; {before} import autoconfig.log; from structlog import dev; "
    program += "print('rich' in sys.modules, dev.rich is None)"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)

    assert done.stdout.split() == [str(bool(before)), "True"]


JOURNAL = """
import logging, os, sys
from autoconfig import log
from autoconfig.settings import LogFormat

status = os.fstat(2)
if sys.argv[1] == "journal":
    os.environ["JOURNAL_STREAM"] = f"{status.st_dev}:{status.st_ino}"
log.configure(LogFormat(sys.argv[2]), labelled=sys.argv[3] == "labelled")
log.logger().info("it works")
logging.getLogger("library").warning("beware")
try:
    raise RuntimeError("it broke")
except RuntimeError as error:
    log.logger().error("a bug", exc_info=error)
"""


def lines_of(*arguments: str) -> list[str]:
    """What another process writes."""
    environment = {name: value for name, value in os.environ.items() if name != "JOURNAL_STREAM"}
    command = [sys.executable, "-c", JOURNAL, *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=True, env=environment)
    return done.stderr.splitlines()


@pytest.mark.parametrize("form", list(LogFormat))
def test_journal(form: LogFormat) -> None:
    """In the journal each line has its priority, those of a traceback too, and no second time stamp."""
    lines = lines_of("journal", form, "plain")
    elsewhere = lines_of("file", form, "plain")

    assert [line[:3] for line in lines[:2]] == ["<6>", "<4>"]
    assert {line[:3] for line in lines[2:]} == {"<3>"}
    assert not [line for line in lines if re.search("[0-9]{2}:[0-9]{2}:[0-9]{2}", line)]
    assert all(re.search("[0-9]{2}:[0-9]{2}:[0-9]{2}", line) for line in elsewhere[:3])
    assert len(lines) == len(elsewhere)


@pytest.mark.parametrize("form", list(LogFormat))
def test_one_of_several(form: LogFormat) -> None:
    """A line of one of several processes says which, and no other does."""
    assert all("worker" in line for line in lines_of("file", form, "labelled")[:3])
    assert not any("worker" in line for line in lines_of("file", form, "plain")[:3])
