"""Classify errors of the drivers: errors of the query, which the operator must correct, and temporary ones."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from autoconfig.errors import MappingUnavailable, SettingsInvalid
from autoconfig.mapping.database_errors import ErrorKind
from autoconfig.mapping.database_location import Kind
from autoconfig.mapping.sqlite_errors import error_kind_of

if TYPE_CHECKING:
    from autoconfig.mapping.database_location import DatabaseLocation

# Temporary errors of MariaDB among the numbers of statement errors: full disk, shutdown, aborted statement, lock
# timeout, deadlock.
_PASSING = frozenset({1020, 1030, 1040, 1053, 1129, 1203, 1205, 1213, 1226, 1317, 1412, 1615, 1927, 1969, 3024, 4031})
_OF_STATEMENTS = range(1000, 2000)


def named(
    location: DatabaseLocation, error: BaseException, driver: Any, *, lost: bool = False
) -> SettingsInvalid | MappingUnavailable | None:
    """
    Turn an error of the `driver` module or the network into an `AutoconfigError`; `None` for other exceptions.

    `lost`: the connection was lost, so the statement is not at fault.
    """
    if not isinstance(error, (driver.Error, OSError, UnicodeError)):
        return None
    if location.kind is Kind.SQLITE and error_kind_of(error) is ErrorKind.NO_DATABASE:
        return SettingsInvalid(f"{location.setting}: {location.shown}: is not a SQLite database")
    if not lost and isinstance(error, driver.Error) and _is_of_statement(location.kind, error, driver):
        return SettingsInvalid(f"{location.shown} refuses the query: {message_of(error)}")
    return MappingUnavailable(f"{location.shown}: {message_of(error)}")


def message_of(error: BaseException) -> str:
    """A driver's message on one line, without its number and without the statement."""
    primary = getattr(getattr(error, "diag", None), "message_primary", None)
    text = primary or str(error.args[1] if len(error.args) > 1 else error)
    return " ".join(text.split()) or type(error).__name__


def _is_of_statement(kind: Kind, error: BaseException, driver: Any) -> bool:
    if kind is Kind.SQLITE:  # errors in a statement have the code SQLITE_ERROR, other errors do not
        return error_kind_of(error) in {ErrorKind.STATEMENT, ErrorKind.READ_ONLY}
    if kind is Kind.POSTGRESQL:
        return not isinstance(error, (driver.OperationalError, driver.InterfaceError))
    number = error.args[0] if error.args else None
    return isinstance(number, int) and number in _OF_STATEMENTS and number not in _PASSING
