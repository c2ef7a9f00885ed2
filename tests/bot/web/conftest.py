"""The real web application over a real database, with the scripted engine behind it."""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from aiohttp.test_utils import TestClient, TestServer

from bot.settings import Limits, Settings
from bot.web.app import application
from content.settings import Storage
from tests.bot.scripted_engine import ScriptedEngine


@pytest.fixture
def engine() -> ScriptedEngine:
    return ScriptedEngine()


@pytest.fixture
def limits() -> Limits:
    return Limits(is_on=False)


@pytest.fixture
def trust_proxy() -> bool:
    return False


@pytest.fixture
async def client(
    tmp_path: Path, loaded_file: Path, models: Path, engine: ScriptedEngine, limits: Limits, trust_proxy: bool
) -> AsyncIterator[TestClient]:
    settings = Settings(storage=Storage.at(tmp_path), limits=limits, trust_proxy=trust_proxy, save_seconds=10)
    shutil.copy(loaded_file, tmp_path / "local-offer.db")
    (tmp_path / "models").symlink_to(models)
    async with TestClient(TestServer(application(settings, engine))) as made:
        yield made
