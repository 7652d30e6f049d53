"""The exit codes, and which error ends with which."""

from __future__ import annotations

from enum import IntEnum

from autoconfig.errors import (
    AutoconfigError,
    ConfigurationInvalid,
    DNSUnavailable,
    InputInvalid,
    MappingUnavailable,
    Overloaded,
    PlanUnusable,
)


class Exit(IntEnum):
    """The exit codes of every command."""

    DONE = 0
    NO = 1
    """The answer is no."""
    USAGE = 2
    """Usage, configuration, plans or CSV invalid; not our database; schema too old or too new; port in use."""
    UNAVAILABLE = 3
    """Database server unreachable, file missing or locked; the DNS cannot say what an answer depends on."""
    BUG = 70
    INTERRUPTED = 130


def exit_code(error: AutoconfigError) -> Exit:
    """The exit code of a command that ended with `error`."""
    if isinstance(error, InputInvalid | ConfigurationInvalid):
        return Exit.USAGE
    return Exit.UNAVAILABLE if isinstance(error, MappingUnavailable | DNSUnavailable | Overloaded) else Exit.NO


def sentence(error: AutoconfigError) -> str:
    """The message of a command that ended with `error`: what is wrong, where, and what to do."""
    if isinstance(error, PlanUnusable) and error.domain is not None:
        led = f"row {error.row} of {error.domain}" if error.row is not None else error.domain
        return f"{led}: {error}; `autoconfig plans check` lists all such rows"
    return str(error)
