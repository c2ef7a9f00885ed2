"""The whole program, trained once for all tests that need it."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.program import TRAINING_SECONDS, Program

TRAINED = os.environ.get("LOCAL_OFFER_TEST_DATA")
"""A data folder with a model in it, so that tests on a developer's machine need not train one."""


FIRST = pytest.StashKey[Program]()


def pytest_collection_finish(session: pytest.Session) -> None:
    """Training takes minutes: it goes on beside the tests that come before the first one that needs it."""
    needed = any("trained" in getattr(item, "fixturenames", ()) for item in session.items)
    if not needed or session.config.option.collectonly:
        return
    first = Program(Path(TRAINED).absolute() if TRAINED else Path(tempfile.mkdtemp(prefix="trained-")))
    first.start()
    session.config.stash[FIRST] = first


def pytest_unconfigure(config: pytest.Config) -> None:
    first = config.stash.get(FIRST, None)
    if first is None:
        return
    first.stop()
    if not TRAINED:
        shutil.rmtree(first.data)


@pytest.fixture(scope="session")
def trained(request: pytest.FixtureRequest) -> Path:
    """A data folder with content and a trained model, made by the program itself."""
    first = request.config.stash[FIRST]
    try:
        first.wait_for("/readyz", TRAINING_SECONDS)
    finally:
        first.stop()
    return first.data


@pytest.fixture(scope="session")
def program(trained: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Program]:
    """A running program for tests that leave it as it was."""
    made = Program(copy_of(trained, tmp_path_factory.mktemp("shared")))
    made.start()
    try:
        made.wait_for("/readyz", 90)
        yield made
    finally:
        made.stop()


@pytest.fixture
def own_program(trained: Path, tmp_path: Path) -> Iterator[Program]:
    """A program to kill, not yet started."""
    made = Program(copy_of(trained, tmp_path / "data"))
    yield made
    if made.process and made.process.poll() is None:
        made.stop()


def copy_of(trained: Path, folder: Path) -> Path:
    """A data folder with the same models: every program makes its own database."""
    folder.mkdir(exist_ok=True)
    (folder / "models").symlink_to(trained / "models")
    return folder
