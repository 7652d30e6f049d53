"""Where what a driver stumbles over, in an answer that no server of its kind would give, becomes an error of ours."""

from __future__ import annotations

import contextlib
import logging
from typing import TYPE_CHECKING

from autoconfig.errors import AutoconfigError, MappingUnavailable

if TYPE_CHECKING:
    from collections.abc import Iterator

_LONGEST = 200  # characters of what a driver says

_log = logging.getLogger("autoconfig")


class Gate:
    """Errors of ours pass it, and any other one is told as a server's that cannot be asked."""

    def __init__(self) -> None:
        self._told: dict[str, str] = {}

    @contextlib.contextmanager
    def to(self, where: str) -> Iterator[None]:
        """
        While something is asked of the server that errors show as `where`. The log has the traceback of what the driver
        stumbled over; not again while that stays the same.

        Raises:
            MappingUnavailable: instead of whatever is no `AutoconfigError`.
        """
        try:
            yield
        except AutoconfigError:
            raise
        except Exception as error:
            said = f"{type(error).__name__}: {' '.join(str(error).split())}".rstrip(": ")[:_LONGEST]
            problem = (
                f"{where}: the driver does not understand it ({said}); is it a server of the kind that the URL names?"
            )
            if said != self._told.get(where):
                _log.error("%s", problem, exc_info=error)
            self._told[where] = said
            raise MappingUnavailable(problem) from error
