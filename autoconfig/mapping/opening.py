"""Opens the mapping that a setting names, for requests. Nobody outside of `mapping` knows which engine that is."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from autoconfig.mapping.cache import KNOWN, UNKNOWN
from autoconfig.mapping.place import Kind, Place

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from pathlib import Path

    from autoconfig.mapping.place import Host
    from autoconfig.mapping.query.finder import Asking
    from autoconfig.mapping.sources.hosts import Hosts
    from autoconfig.mapping.sources.source import Session
    from autoconfig.mapping.timeline import Finder


def open_finder(
    url: str, state_dir: Path | None, asking: Asking | None = None, *, known: int = KNOWN, unknown: int = UNKNOWN
) -> Finder:
    """
    A finder over the mapping at `url`; the driver of its engine is imported now, and no other.

    Args:
        url: a database URL, as `Place.parse` reads it.
        state_dir: where it is kept how far this node has seen a server's mapping; `None`: nowhere.
        asking: the settings that say whether it is another program's database, and what it is asked.
        known: names with rows that are kept in memory, where the mapping is on a server.
        unknown: names without rows, likewise.

    Raises:
        SettingsInvalid: it is no such URL.
        MappingUnavailable, ConfigurationInvalid: a file cannot be used; of a server, `Finder.start` tells.
    """
    if asking is not None and asking.query is not None:
        from autoconfig.mapping.query.finder import QueryFinder, open_query

        return QueryFinder(*open_query(url, asking), asking.query_ttl, known=known, unknown=unknown)
    place = Place.parse(url)
    if place.kind is Kind.SQLITE:
        from autoconfig.mapping.sqlite import SqliteFinder

        return SqliteFinder(place.path)
    from autoconfig.mapping.cached import CachedFinder
    from autoconfig.mapping.position import PositionFile

    kept = PositionFile(state_dir) if state_dir else None
    return CachedFinder(open_hosts(place), known=known, unknown=unknown, kept=kept)


def open_hosts(place: Place) -> Hosts:
    """The servers of a place as one source; nothing is connected yet."""
    from autoconfig.mapping.sources.hosts import Hosts

    return Hosts({f"{host.name}:{host.port}": partial(opener_of(place.kind), place, host) for host in place.hosts})


def opener_of(kind: Kind) -> Callable[[Place, Host], Awaitable[Session]]:
    """What opens a session with one of the servers of a place of this engine."""
    if kind is Kind.POSTGRESQL:
        from autoconfig.mapping.sources.postgresql import PostgreSQLSession

        return PostgreSQLSession.opened
    from autoconfig.mapping.sources.mariadb import MariaDBSession

    return MariaDBSession.opened
