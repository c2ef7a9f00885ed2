"""The whole program, trained once for all tests that need it."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.program import TRAINING_SECONDS, Program

TRAINED = os.environ.get("LOCAL_OFFER_TEST_DATA")
"""A data folder with a model in it, so that tests on a developer's machine need not train one."""


@pytest.fixture(scope="session")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder with content and a trained model, made by the program itself."""
    folder = Path(TRAINED).absolute() if TRAINED else tmp_path_factory.mktemp("trained")
    first = Program(folder)
    first.start()
    try:
        first.wait_for("/readyz", TRAINING_SECONDS)
    finally:
        first.stop()
    return folder


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
    """The model alone: every program makes its own database."""
    shutil.copytree(trained / "models", folder / "models", dirs_exist_ok=True)
    return folder
