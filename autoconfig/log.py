"""Log lines: a sentence and fields. They hold domains, never an address, a query string or a body."""

from __future__ import annotations

import logging
import sys
from typing import TYPE_CHECKING, Any

# structlog imports rich where it finds it, for tracebacks on terminals. A process that only serves does without
# (design.md: it costs memory and time), so it must not be found here.
_rich = sys.modules.get("rich")
sys.modules["rich"] = None  # type: ignore[assignment]
import structlog  # noqa: E402

if _rich is None:
    del sys.modules["rich"]
else:
    sys.modules["rich"] = _rich

if TYPE_CHECKING:
    from autoconfig.settings import LogFormat


def configure(log_format: LogFormat) -> None:
    """Send our lines and those of libraries to standard error, in one form."""
    shared: list[Any] = [structlog.stdlib.add_log_level, structlog.processors.TimeStamper(fmt="iso", utc=True)]
    if log_format == "json":
        rendered: list[Any] = [
            structlog.processors.format_exc_info,
            structlog.processors.JSONRenderer(ensure_ascii=False),
        ]
    else:
        # Rich's tracebacks show local variables, among them addresses.
        plain = structlog.dev.plain_traceback
        rendered = [structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty(), exception_formatter=plain)]
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=False,
    )
    handler = logging.StreamHandler()
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *rendered],
        )
    )
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(logging.INFO)
    logging.getLogger("uvicorn.error").setLevel(logging.WARNING)


def logger() -> structlog.stdlib.BoundLogger:
    """The one logger of this program."""
    bound: structlog.stdlib.BoundLogger = structlog.stdlib.get_logger("autoconfig")
    return bound
