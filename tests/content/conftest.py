"""A small Local Offer to break in one place at a time."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from content.seed import SEEDS


@pytest.fixture
def seeds(tmp_path: Path) -> Path:
    """A copy of the real seed files."""
    folder = tmp_path / "seeds"
    shutil.copytree(SEEDS, folder)
    return folder
