"""The desk and the service of a test."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from bot.staff.model import Member
from content.database import Database
from content.library import Library
from tests.bot.conversations.desk_service import Service
from tests.bot.desk.office import Office
from tests.bot.scripted_engine import ScriptedEngine


@pytest.fixture
def engine() -> ScriptedEngine:
    return ScriptedEngine()


@pytest.fixture
def office(database: Database, library: Library) -> Office:
    return Office(database, library)


@pytest.fixture
def sam(office: Office) -> Member:
    return office.member("Sam Lee")


@pytest.fixture
async def service(office: Office, library: Library, engine: ScriptedEngine) -> AsyncIterator[Service]:
    made = Service(office, library, engine)
    yield made
    made.close()
