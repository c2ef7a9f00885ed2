"""Where a trained model lies: its name tells what it was trained from, so that a stale one is never taken."""

from __future__ import annotations

import hashlib
from pathlib import Path

from bot.settings import ROOT
from content.settings import Storage

CONFIG = ROOT / "config.yml"
DOMAIN = ROOT / "bot" / "dialogue" / "domain.yml"
TRAINING_FILES = (ROOT / "bot" / "dialogue" / "rules.yml", ROOT / "nlu" / "data")
_CODE = ROOT / "nlu"
LEARNT = ("*.py", "*.yml", "*.txt", "calibration.tsv")
"""What in the components' folder changes the model."""


def model_path(storage: Storage) -> Path:
    """The model for this checkout's configuration, training data and components; it may not exist yet."""
    digest = hashlib.sha256()
    for file in _inputs():
        digest.update(str(file.relative_to(ROOT)).encode() + b"\0" + file.read_bytes() + b"\0")
    return storage.models / f"local-offer-{digest.hexdigest()[:16]}.tar.gz"


def _inputs() -> list[Path]:
    files = [CONFIG, DOMAIN]
    for place in (*TRAINING_FILES, _CODE):
        files.extend([place] if place.is_file() else [file for kind in LEARNT for file in place.rglob(kind)])
    return sorted(set(files))
