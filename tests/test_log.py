from __future__ import annotations

import io
import json
import logging
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
import structlog

from autoconfig import log
from autoconfig.settings import LogFormat

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


@pytest.mark.parametrize("before", ["", "import rich;"], ids=["first", "after rich"])
def test_rich(before: str) -> None:
    """Logging loads no Rich, whose tracebacks would show variables, and leaves it to those who did."""
    program = f"import sys; {before} import autoconfig.log; from structlog import dev; "
    program += "print('rich' in sys.modules, dev.rich is None)"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)

    assert done.stdout.split() == [str(bool(before)), "True"]
