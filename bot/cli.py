"""The command `local-offer`."""

from __future__ import annotations

import asyncio
import dataclasses
import logging
import os
import signal
import sys
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, TypeVar

import click
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn, track

from bot.settings import SettingRefused, Settings
from content import loader, seed
from content.database import Database
from content.settings import Storage

T = TypeVar("T")
console = Console(stderr=True, highlight=False)


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
def main() -> None:
    """The assistant for young people who have left care.

    \b
    local-offer serve            set everything up and serve the chat at http://localhost:8080
    local-offer evaluate         say how well it understands
    local-offer content check    say what is wrong with the seed files, if anything is
    """
    logging.basicConfig(level=logging.WARNING, format="%(levelname)s %(name)s: %(message)s", stream=sys.stderr)


@main.command()
@click.option("--host", help="Address to serve at.  [default: 127.0.0.1]")
@click.option("--port", type=click.IntRange(1, 65535), help="Port to serve at.  [default: 8080]")
@click.option(
    "--data",
    type=click.Path(file_okay=False, path_type=Path),
    help="Folder for all that is written: database, model, caches.  [default: data]",
)
@click.option("--database-url", help="SQLAlchemy URL of a PostgreSQL database.  [default: SQLite in the data folder]")
def serve(host: str | None, port: int | None, data: Path | None, database_url: str | None) -> None:
    """Set everything up and serve the web chat and the API.

    The first time it makes the database, loads the content and trains the assistant, in two to three minutes. Stop it with
    Ctrl-C. Environment variables LOCAL_OFFER_HOST, _PORT, _DATA and _DATABASE_URL do the same as the options.
    """
    settings = _settings(host, port, data, database_url)
    started = time.monotonic()
    with Database(settings.storage.database_url) as database:
        loaded = _set_up(database)
    console.print(f"[green]✓[/] content: {loaded}")
    asyncio.run(_serve(settings, started))


@main.command()
@click.option("--data", type=click.Path(file_okay=False, path_type=Path), help="Folder for the model.  [default: data]")
@click.option("--database-url", help="SQLAlchemy URL.  [default: SQLite in the data folder]")
def train(data: Path | None, database_url: str | None) -> None:
    """Train the assistant now. `serve` does it by itself when there is no model for this version."""
    _train(_settings(None, None, data, database_url))


@main.command()
@click.option("--data", type=click.Path(file_okay=False, path_type=Path), help="Folder of the model.  [default: data]")
@click.option("--database-url", help="SQLAlchemy URL.  [default: SQLite in the data folder]")
@click.option("--picture", type=click.Path(dir_okay=False, path_type=Path), help="Draw the reliability into this SVG file.")
@click.option("--check", is_flag=True, help="End with code 1 when a figure is worse than the recorded floor.")
def evaluate(data: Path | None, database_url: str | None, picture: Path | None, check: bool) -> None:
    """Say how well the trained assistant understands: accuracy, calibration, confusions and the surest mistakes.

    It plays the validation messages, which nothing was learnt from, through the whole pipeline. It trains first when there
    is no model for this version.
    """
    import subprocess

    from bot.engine.model_files import model_path

    settings = _settings(None, None, data, database_url)
    model = model_path(settings.storage)
    if not model.exists():
        _train(settings)
    options = [*(["--picture", str(picture)] if picture else []), *(["--check"] if check else [])]
    done = subprocess.run(
        [sys.executable, "-m", "nlu.evaluation", str(model), *options], env=_environment(settings), check=False
    )
    sys.exit(done.returncode)


@main.group()
def content() -> None:
    """Check, load and export the Local Offer's content."""


FOLDER = click.argument("folder", type=click.Path(file_okay=False, path_type=Path), default=seed.SEEDS, required=False)


@content.command()
@FOLDER
def check(folder: Path) -> None:
    """Say what is wrong with the seed files in FOLDER: file, line, place and rule. Nothing is changed."""
    documents = _or_refusal(lambda: seed.read(folder))
    click.echo(f"{len(documents)} documents, no fault.")


@content.command()
@FOLDER
@click.option("--data", type=click.Path(file_okay=False, path_type=Path), help="Folder of the database.  [default: data]")
@click.option("--database-url", help="SQLAlchemy URL.  [default: SQLite in the data folder]")
def load(folder: Path, data: Path | None, database_url: str | None) -> None:
    """Publish the seed files in FOLDER. What staff edited stays; a fault anywhere loads nothing."""
    settings = _settings(None, None, data, database_url)
    with Database(settings.storage.database_url) as database:
        click.echo(str(_set_up(database, folder)))


@content.command()
@click.argument("folder", type=click.Path(file_okay=False, path_type=Path))
@click.option("--data", type=click.Path(file_okay=False, path_type=Path), help="Folder of the database.  [default: data]")
@click.option("--database-url", help="SQLAlchemy URL.  [default: SQLite in the data folder]")
def export(folder: Path, data: Path | None, database_url: str | None) -> None:
    """Write everything that is published into FOLDER as seed files."""
    from bot.schema import migrate

    settings = _settings(None, None, data, database_url)
    with Database(settings.storage.database_url) as database:
        migrate(database)
        click.echo(f"{loader.export(database, folder)} documents written to {folder}.")


async def _serve(settings: Settings, started: float) -> None:
    from aiohttp import web

    from bot.engine_process import EngineProcess
    from bot.web.app import application

    logging.getLogger("aiohttp.access").setLevel(logging.ERROR)
    with _progress() as progress:
        task = progress.add_task("starting the assistant", total=None)

        def tell(step: int, of: int, name: str) -> None:
            total = None if step == 0 else of
            progress.update(task, description=name, completed=step, total=total)
            if name == "ready":
                progress.stop()
                console.print(f"[green]✓[/] ready after {time.monotonic() - started:.0f} s. Stop with Ctrl-C.")

        stop = asyncio.Event()
        for number in (signal.SIGINT, signal.SIGTERM):
            asyncio.get_running_loop().add_signal_handler(number, stop.set)
        app = application(settings, EngineProcess(settings, tell))
        runner = web.AppRunner(app, access_log=None, shutdown_timeout=1.0)
        await runner.setup()
        try:
            try:
                await web.TCPSite(runner, settings.host, settings.port).start()
            except OSError as error:
                raise click.ClickException(f"Cannot serve at port {settings.port}: {error.strerror}. Try --port.") from error
            console.print(f"[green]✓[/] http://{_shown(settings.host)}:{settings.port}")
            await stop.wait()
        finally:
            progress.stop()
            await runner.cleanup()


def _progress() -> Progress:
    return Progress(TextColumn("  {task.description}"), BarColumn(), TimeElapsedColumn(), console=console, transient=True)


def _shown(host: str) -> str:
    return "localhost" if host in ("127.0.0.1", "0.0.0.0", "::1", "::") else host  # noqa: S104  (compared, not bound)


def _set_up(database: Database, folder: Path = seed.SEEDS) -> loader.Loaded:
    """Bring the tables up to date and publish the seed files."""
    from bot.schema import migrate

    migrate(database)

    def watch(documents: Iterable[Any]) -> Iterable[Any]:
        return track(list(documents), "  loading the content", console=console, transient=True)

    return _or_refusal(lambda: loader.load(database, folder, watch))


def _train(settings: Settings) -> None:
    """Publish the seed files and train, in a process of its own."""
    import json
    import subprocess

    from bot.engine.model_files import model_path

    with Database(settings.storage.database_url) as database:
        _set_up(database)
    log = settings.storage.data / "training.log"
    with log.open("wb") as errors, _progress() as progress:
        task = progress.add_task("starting Rasa", total=None)
        process = subprocess.Popen(
            [sys.executable, "-m", "bot.engine", "train"],
            env=_environment(settings),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=errors,
        )
        assert process.stdout is not None
        for line in process.stdout:
            step = json.loads(line)
            progress.update(task, description=step["name"], completed=step["step"], total=step["of"])
    if process.wait():
        raise click.ClickException(f"Training failed; {log} says why.")
    console.print(f"[green]✓[/] {model_path(settings.storage)}")


def _environment(settings: Settings) -> dict[str, str]:
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


def _or_refusal(call: Callable[[], T]) -> T:
    try:
        return call()
    except seed.SeedRefused as refused:
        raise click.ClickException(f"{len(refused.faults)} faults; nothing was loaded.\n{refused}") from refused


def _settings(host: str | None, port: int | None, data: Path | None, database_url: str | None) -> Settings:
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
