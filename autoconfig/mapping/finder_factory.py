"""Open the mapping of the settings for requests. Only `mapping` knows which engine that is."""

from __future__ import annotations

from typing import TYPE_CHECKING

from autoconfig.mapping.copy_finder import CopyFinder
from autoconfig.mapping.copy_marker import copy_in
from autoconfig.mapping.database_location import DatabaseLocation, Kind
from autoconfig.mapping.local_disk import check_local
from autoconfig.mapping.lookup.answers import KNOWN, UNKNOWN
from autoconfig.mapping.sqlite_finder import SqliteFinder

if TYPE_CHECKING:
    from pathlib import Path

    from autoconfig.mapping.lookup.finder import Asking
    from autoconfig.mapping.timeline import Finder


def open_finder(
    url: str, state_dir: Path, asking: Asking | None = None, *, known: int = KNOWN, unknown: int = UNKNOWN
) -> Finder:
    """
    A finder over the mapping at `url`. If that is on a server, the finder reads the local copy (`mapping.follower`).

    Args:
        url: a database URL, as `DatabaseLocation.parse` reads it.
        state_dir: the folder of the local copy.
        asking: the settings of a query in another program's database, if there is one.
        known: for a query, how many names with rows are cached.
        unknown: for a query, how many names without rows are cached.

    Raises:
        SettingsInvalid: the URL is invalid, or a copy cannot be kept in `state_dir`.
    """
    if asking is not None and asking.query is not None:
        from autoconfig.mapping.lookup.finder import QueryFinder, open_query

        return QueryFinder(*open_query(url, asking), asking.query_ttl, known=known, unknown=unknown)
    location = DatabaseLocation.parse(url)
    if location.kind is not Kind.SQLITE:
        check_local(state_dir, "state_dir")
        return CopyFinder(copy_in(state_dir), location.shown)
    return SqliteFinder(location.path)
