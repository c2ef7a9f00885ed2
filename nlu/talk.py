"""The talk's examples as they stand in the training data, for what reads them without Rasa."""

from __future__ import annotations

from pathlib import Path

import yaml

FOLDER = Path(__file__).parent / "data"


def talk() -> dict[str, list[str]]:
    """The examples by intent."""
    found: dict[str, list[str]] = {}
    for file in sorted(FOLDER.glob("*.yml")):
        for block in yaml.safe_load(file.read_text(encoding="utf-8"))["nlu"]:
            lines = (line.strip() for line in block["examples"].splitlines())
            found.setdefault(block["intent"], []).extend(line.removeprefix("- ") for line in lines if line)
    return found
