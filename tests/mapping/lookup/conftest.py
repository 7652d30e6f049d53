from __future__ import annotations

import pytest

from autoconfig.mapping.database_location import Kind
from tests.mapping.foreign.databases import CUSTOMERS, ForeignSQLite, new_foreign, statements


@pytest.fixture
def customers(request: pytest.FixtureRequest) -> ForeignSQLite:
    """A table of customers, in a file."""
    made = new_foreign(request, Kind.SQLITE)
    assert isinstance(made, ForeignSQLite)
    made.execute(*statements(CUSTOMERS))
    return made
