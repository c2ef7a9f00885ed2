"""Trains the Rasa model and says how far it is, one line of JSON a step."""

from __future__ import annotations

import json
import logging
import os
import sys
import time
from pathlib import Path
from typing import Any

from bot.engine.model_files import CONFIG, DOMAIN, TRAINING_FILES, model_path
from bot.settings import Settings

STEPS = ("reading", "learning", "packing")


def main(settings: Settings) -> None:
    """Train into the data folder. Each line on standard output is {"step": ..., "of": ..., "name": ...}."""
    out = os.fdopen(os.dup(sys.stdout.fileno()), "w", encoding="utf-8")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())

    def tell(step: int, name: str) -> None:
        out.write(json.dumps({"step": step, "of": len(STEPS), "name": name}) + "\n")
        out.flush()

    tell(0, "starting Rasa")
    train(settings, tell)


def train(settings: Settings, tell: Any) -> Path:
    """Train one model; the file appears whole or not at all."""
    import rasa.model_training  # here, not above: it takes ten seconds and the first step is told before it

    logging.getLogger().setLevel(logging.WARNING)
    started = time.monotonic()
    target = model_path(settings.storage)
    target.parent.mkdir(parents=True, exist_ok=True)
    tell(1, "learning the conversation and the questions")
    result = rasa.model_training.train(
        domain=str(DOMAIN),
        config=str(CONFIG),
        training_files=[str(file) for file in TRAINING_FILES],
        output=str(target.parent),
        fixed_model_name=f"{target.name.removesuffix('.tar.gz')}.new",
        force_training=True,
    )
    if result.code != 0 or not result.model:
        raise SystemExit(f"The training ended with code {result.code}.")
    tell(2, "packing the model")
    Path(result.model).replace(target)
    for old in target.parent.glob("local-offer-*.tar.gz"):
        if old != target:
            old.unlink(missing_ok=True)
    tell(3, f"trained in {time.monotonic() - started:.0f} s")
    return target
