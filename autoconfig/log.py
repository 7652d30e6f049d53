"""
Log lines: a sentence and fields. They hold domains, never an address, a query string or a body.

A request from a stranger never writes a line of its own: `counted_error` writes one a minute for all of them.
"""

from __future__ import annotations

import logging
import os
import sys
from typing import TYPE_CHECKING, Any

from autoconfig.log_counts import LineCounts
from autoconfig.log_queue import STANDARD_ERROR, LogQueue
from autoconfig.visible import visible

# structlog imports rich, if it is installed, for tracebacks on terminals. A server process does not need it, and it
# costs memory and time, so structlog must not find it here.
_rich = sys.modules.get("rich")
sys.modules["rich"] = None  # type: ignore[assignment]
import structlog  # noqa: E402

if _rich is None:
    del sys.modules["rich"]
else:
    sys.modules["rich"] = _rich

if TYPE_CHECKING:
    from autoconfig.settings import LogFormat


_NAME = "autoconfig"
_counts = LineCounts()


def configure(log_format: LogFormat, *, queued: bool = False, labelled: bool = False) -> None:
    """
    Send our own lines and those of libraries to standard error in one format. If that is systemd's journal, which adds
    the time itself, lines have their priority instead.

    `queued`, for a process that answers requests: a thread writes the lines, and repeated lines of libraries are
    counted. `labelled`, for one of several such processes: each line has the number of its process.
    """
    global _counts  # noqa: PLW0603 (a process has one log, as `logging` has one root)
    _counts = LineCounts()
    journal = _is_journal()
    shared: list[Any] = [structlog.stdlib.add_log_level]
    if not journal:
        shared.append(structlog.processors.TimeStamper(fmt="iso", utc=True))
    if labelled:
        shared.append(_labelled)
    if log_format == "json":
        rendered: list[Any] = [
            structlog.processors.format_exc_info,
            structlog.processors.JSONRenderer(ensure_ascii=False),
        ]
    else:
        # Rich's tracebacks show local variables, among them addresses.
        plain = structlog.dev.plain_traceback
        rendered = [structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty(), exception_formatter=plain)]
    shared.append(_visible_fields)
    if not (sys.stderr.isatty() and log_format != "json"):  # colours are escape sequences
        rendered.append(_visible_line)
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=False,
    )
    handler: logging.Handler
    root = logging.getLogger()
    if queued:
        before = [other for other in root.handlers if isinstance(other, LogQueue)]
        handler = before[0] if before else LogQueue(report_counts, _dropped)
        handler.addFilter(_not_repeated)
    else:
        handler = logging.StreamHandler()
    formatter: logging.Formatter = structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=shared,
        processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *rendered],
    )
    handler.setFormatter(_ForJournal(formatter) if journal else formatter)
    root.handlers = [handler]
    root.setLevel(logging.INFO)
    logging.getLogger("uvicorn.error").setLevel(logging.WARNING)


class _ForJournal(logging.Formatter):
    """Puts the priority in front of each line, as sd-daemon(3) has it: the journal takes it off."""

    def __init__(self, formatter: logging.Formatter) -> None:
        super().__init__()
        self._formatter = formatter

    def format(self, record: logging.LogRecord) -> str:
        """The lines of a record."""
        priority = next((number for level, number in _PRIORITIES if record.levelno >= level), 7)
        return "\n".join(f"<{priority}>{line}" for line in self._formatter.format(record).splitlines())


_PRIORITIES = ((logging.CRITICAL, 2), (logging.ERROR, 3), (logging.WARNING, 4), (logging.INFO, 6))
"""Levels, and the priority of each (RFC 5424 section 6.2.1)."""


def _is_journal() -> bool:
    """Whether standard error is the journal's: JOURNAL_STREAM in systemd.exec(5)."""
    try:
        status = os.fstat(STANDARD_ERROR)
    except OSError:
        return False
    return os.environ.get("JOURNAL_STREAM") == f"{status.st_dev}:{status.st_ino}"


def _labelled(_logger: object, _method: str, event: dict[str, Any]) -> dict[str, Any]:
    return {**event, "worker": os.getpid()}


def logger() -> structlog.stdlib.BoundLogger:
    """The one logger of this program."""
    bound: structlog.stdlib.BoundLogger = structlog.stdlib.get_logger(_NAME)
    return bound


def counted_error(event: str, **fields: Any) -> None:
    """Log an error that strangers can cause: the first one at once, then once a minute how often it happened."""
    if _counts.admit(event, fields):
        logger().error(event, **fields)


def counted_warning(event: str) -> None:
    """Log a warning of what strangers send: the first one at once, then once a minute how often it happened."""
    if _counts.admit(event, logging.WARNING):
        logger().warning(event)


def report_counts(at_once: bool = False) -> None:
    """Log the counts whose minute is over; with `at_once` all counts."""
    for key, times, example in _counts.due(at_once=at_once):
        if isinstance(example, logging.LogRecord):
            logger().log(example.levelno, example.getMessage(), logger=example.name, times=times)
        elif isinstance(example, int):
            logger().log(example, str(key), times=times)
        else:
            logger().error(str(key), **(example if isinstance(example, dict) else {}), times=times)


def _not_repeated(record: logging.LogRecord) -> bool:
    """Pass our own lines, and each line of a library once a minute."""
    return record.name == _NAME or _counts.admit((record.name, record.msg), record)


def _visible_fields(_logger: object, _method: str, event: dict[str, Any]) -> dict[str, Any]:
    """Escape control characters in fields: senders and files must not control the terminal."""
    return {key: visible(value, keep="\n") if isinstance(value, str) else value for key, value in event.items()}


def _visible_line(_logger: object, _method: str, line: str) -> str:
    """The same for what a renderer adds: the message of an exception, a value that is not text."""
    return visible(line, keep="\n")


def _dropped(lines: int) -> None:
    logger().error("log lines were dropped: the reader of the log is too slow", lines=lines)
