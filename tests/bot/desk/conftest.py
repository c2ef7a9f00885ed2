"""The duty desk, on SQLite and on PostgreSQL."""

from __future__ import annotations

import pytest

from content.database import Database
from content.library import Library
from tests.bot.desk.office import Office


@pytest.fixture
def office(database: Database, library: Library) -> Office:
    return Office(database, library)
