"""What the commands share: options, settings, and bringing the database up to date."""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, TypeVar

import click
from rich.console import Console
from rich.progress import track

from bot.settings import SettingRefused, Settings
from content import loader, seed
from content.database import Database
from content.settings import Storage

T = TypeVar("T")
console = Console(stderr=True, highlight=False)
DATA = click.option(
    "--data", type=click.Path(file_okay=False, path_type=Path), help="Folder of the database and the model.  [default: data]"
)
DATABASE_URL = click.option("--database-url", help="SQLAlchemy URL.  [default: SQLite in the data folder]")


def settings_of(host: str | None, port: int | None, data: Path | None, database_url: str | None) -> Settings:
    try:
        settings = Settings.from_environment()
    except SettingRefused as refused:
        raise click.ClickException(str(refused)) from refused
    if data is not None or database_url is not None:
        known = settings.storage
        # A database of its own follows the data folder; one that was named stays.
        url = database_url or (None if known.database_url.startswith("sqlite") else known.database_url)
        settings = dataclasses.replace(settings, storage=Storage.at(data or known.data, url))
    settings.storage.data.mkdir(parents=True, exist_ok=True)
    return dataclasses.replace(settings, host=host or settings.host, port=port or settings.port)


def set_up(database: Database, folder: Path = seed.SEEDS) -> loader.Loaded:
    """Bring the tables up to date and publish the seed files."""
    from bot.schema import migrate

    migrate(database)

    def watch(documents: Iterable[Any]) -> Iterable[Any]:
        return track(list(documents), "  loading the content", console=console, transient=True)

    return or_refusal(lambda: loader.load(database, folder, watch))


def environment(settings: Settings) -> dict[str, str]:
    """For processes that import Rasa: the same storage, and nothing reported anywhere."""
    storage = settings.storage
    return {
        **os.environ,
        "LOCAL_OFFER_DATA": str(storage.data.resolve()),
        "LOCAL_OFFER_DATABASE_URL": storage.database_url,
        "RASA_TELEMETRY_ENABLED": "false",
        "RASA_CACHE_DIRECTORY": str(storage.data.resolve() / "rasa-cache"),
        "TF_CPP_MIN_LOG_LEVEL": "3",
        "SQLALCHEMY_SILENCE_UBER_WARNING": "1",
    }


def or_refusal(call: Callable[[], T]) -> T:
    try:
        return call()
    except seed.SeedRefused as refused:
        raise click.ClickException(f"{len(refused.faults)} faults; nothing was loaded.\n{refused}") from refused
