"""The drivers of database servers. They are extras of the package, so one may be missing."""

from __future__ import annotations

from importlib.util import find_spec

from autoconfig.mapping.database_url import Kind

_DRIVERS = {Kind.POSTGRESQL: ("psycopg", "postgresql"), Kind.MARIADB: ("pymysql", "mariadb")}


def missing_driver(kind: Kind) -> str | None:
    """What is missing for databases of this kind, and the extra that brings it; `None` if nothing is."""
    if kind is Kind.SQLITE:
        return None
    module, extra = _DRIVERS[kind]
    if find_spec(module) is not None:
        return None
    return f"{module}, the driver for {kind}, is not installed; install mail-autoconfig[{extra}]"
