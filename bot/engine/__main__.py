"""`python -m bot.engine serve|train`: started by the web process, which it does not outlive."""

from __future__ import annotations

import logging
import os
import sys
import warnings
from pathlib import Path

import structlog

from bot.settings import ROOT


def prepare_environment(data: Path) -> None:
    """What Rasa and TensorFlow read at import: nothing is reported anywhere, and what is cached stays in the data folder."""
    os.environ.update(
        RASA_TELEMETRY_ENABLED="false",
        RASA_CACHE_DIRECTORY=str(data / "rasa-cache"),
        TF_CPP_MIN_LOG_LEVEL="3",
        SQLALCHEMY_SILENCE_UBER_WARNING="1",
        MPLCONFIGDIR=str(data / "rasa-cache"),
    )
    # Rasa's dependencies warn of their own futures, whatever filters are set; nobody here can act on it.
    warnings.showwarning = lambda *_, **__: None  # type: ignore[assignment]
    os.chdir(ROOT)
    sys.path.insert(0, str(ROOT))
    # Below a warning Rasa's own log lines carry what people wrote.
    structlog.configure(
        wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )


def main() -> None:
    from bot.settings import Settings

    settings = Settings.from_environment()
    prepare_environment(settings.storage.data)
    if sys.argv[1:] == ["train"]:
        from bot.engine.training import main as train

        train(settings)
    elif sys.argv[1:] == ["serve"]:
        from bot.engine.server import main as serve

        serve(settings)
    else:
        sys.exit("usage: python -m bot.engine serve|train")


if __name__ == "__main__":
    main()
