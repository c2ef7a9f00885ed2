"""The commands that serve, train and evaluate."""

from __future__ import annotations

import asyncio
import json
import logging
import signal
import subprocess
import sys
import time
from pathlib import Path

import click
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from bot.cli.options import DATA, DATABASE_URL, console, environment, set_up, settings_of
from bot.settings import Settings
from content.database import Database


@click.command()
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

    The first time it makes the database, loads the content and trains the assistant, in four to five minutes. Stop it with
    Ctrl-C. Environment variables LOCAL_OFFER_HOST, _PORT, _DATA and _DATABASE_URL do the same as the options.
    """
    settings = settings_of(host, port, data, database_url)
    started = time.monotonic()
    with Database(settings.storage.database_url) as database:
        loaded = set_up(database)
    console.print(f"[green]✓[/] content: {loaded}")
    asyncio.run(_serve(settings, started))


@click.command()
@DATA
@DATABASE_URL
def train(data: Path | None, database_url: str | None) -> None:
    """Train the assistant now. `serve` does it by itself when there is no model for this version."""
    _train(settings_of(None, None, data, database_url))


@click.command()
@click.argument("what", type=click.Choice(["understanding", "crisis"]), default="understanding")
@DATA
@DATABASE_URL
@click.option("--picture", type=click.Path(dir_okay=False, path_type=Path), help="Draw the reliability into this SVG file.")
@click.option("--check", is_flag=True, help="End with code 1 when a figure is worse than the recorded floor.")
def evaluate(what: str, data: Path | None, database_url: str | None, picture: Path | None, check: bool) -> None:
    """Say how well it understands, or how well it hears cries for help.

    \b
    understanding   accuracy, calibration, confusions and the surest mistakes of the trained assistant; it trains first
                    when there is no model for this version
    crisis          recall by kind of danger, precision, false alarms and every miss of the crisis screen

    Both play validation messages, which nothing was learnt from.
    """
    settings = settings_of(None, None, data, database_url)
    if what == "crisis":
        command = ["nlu.crisis.evaluation", str(settings.storage.models)]
    else:
        from bot.engine.model_files import model_path

        model = model_path(settings.storage)
        if not model.exists():
            _train(settings)
        command = ["nlu.evaluation", str(model), *(["--picture", str(picture)] if picture else [])]
    done = subprocess.run(
        [sys.executable, "-m", *command, *(["--check"] if check else [])], env=environment(settings), check=False
    )
    sys.exit(done.returncode)


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


def _train(settings: Settings) -> None:
    """Publish the seed files and train, in a process of its own."""
    from bot.engine.model_files import model_path

    with Database(settings.storage.database_url) as database:
        set_up(database)
    log = settings.storage.data / "training.log"
    with log.open("wb") as errors, _progress() as progress:
        task = progress.add_task("starting Rasa", total=None)
        process = subprocess.Popen(
            [sys.executable, "-m", "bot.engine", "train"],
            env=environment(settings),
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
