"""The command that measures our assistant and a stock Rasa assistant on the same machine, one after the other."""

from __future__ import annotations

import contextlib
import json
import signal
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click
from processes import Processes, ProcessFailed, Watch, free_port, quiet_environment, tell
from report import document, shortfalls, show
from stock import project

ROOT = Path(__file__).parent.parent
READY_SECONDS = 600.0
"""Ours trains itself in this time too."""
LOAD_SPARE_SECONDS = 300.0
"""What the load generator may need beyond its two phases: warming up, and the messages in flight at the end."""


@click.command(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.option("--seconds", type=click.FloatRange(1), default=20, show_default=True, help="Length of each of the two phases.")
@click.option("--at-once", type=click.IntRange(1), default=20, show_default=True, help="Conversations at once.")
@click.option("--epochs", type=click.IntRange(1), default=2, show_default=True, help="Epochs of the stock training.")
@click.option(
    "--data",
    type=click.Path(file_okay=False, path_type=Path),
    help="Folder that keeps the stock model and the logs.  [default: a temporary one, removed at the end]",
)
@click.option("--json", "json_file", type=click.Path(dir_okay=False, path_type=Path), help="Write the figures here too.")
@click.option("--min-ratio", type=float, help="Exit 1 when ours handles fewer than this many times the messages at once.")
@click.option("--max-p50", type=float, help="Exit 1 when ours takes more ms a message (p50), one at a time.")
def main(
    seconds: float,
    at_once: int,
    epochs: int,
    data: Path | None,
    json_file: Path | None,
    min_ratio: float | None,
    max_p50: float | None,
) -> None:
    """Measure our assistant beside what `rasa init` makes, on this machine.

    First it trains a stock Rasa 3.6 assistant on our own example questions. That takes minutes; with --data a second run
    finds the model and starts at once. Then it serves ours, has conversations with it, stops it, and does the same with
    the stock assistant. Everything runs on 127.0.0.1, and nothing else should keep the machine busy.

    \b
    uv run python bench/side_by_side.py --data data/bench
    uv run python bench/side_by_side.py --data data/bench --min-ratio 3 --max-p50 60 --json figures.json

    Two phases for each: one conversation at a time, then --at-once of them. A conversation is a greeting, questions,
    follow-ups and thanks, twelve messages; then a new one begins. Both store everything in SQLite.

    Few epochs do: the speed of a trained model does not depend on how well it learnt. Only its fallback must not take the
    messages that should reach its custom action, which is slow: below 20 epochs its thresholds are zero. The table says
    how many messages were answered with an entry's text. With --epochs 100 it is what `rasa init` makes; that takes hours.

    \b
    Exit code: 0 measured, 1 a demand was not met or something failed, 2 a wrong option, 130 stopped.
    """
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    settings = {"seconds": seconds, "at_once": at_once, "epochs": epochs}
    try:
        with _folder(data) as folder:
            result = _measure(folder, settings)
    except ProcessFailed as failed:
        raise click.ClickException(str(failed)) from failed
    except KeyboardInterrupt:
        tell("stopped")
        sys.exit(130)
    show(result)
    if json_file:
        json_file.write_text(json.dumps(result, indent=2) + "\n", encoding="utf-8")
    missing = shortfalls(result, min_ratio, max_p50)
    for sentence in missing:
        click.echo(sentence, err=True)
    sys.exit(1 if missing else 0)


@contextlib.contextmanager
def _folder(data: Path | None) -> Iterator[Path]:
    if data is not None:
        data.mkdir(parents=True, exist_ok=True)
        yield data.absolute()
        return
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        yield Path(folder)


def _measure(folder: Path, settings: dict[str, Any]) -> dict[str, Any]:
    stock_folder = folder / "stock"
    project.write_project(stock_folder, settings["epochs"])
    model = project.train(stock_folder, folder / "logs")
    ours = measure_ours(folder, settings)
    stock = measure_stock(folder, model, settings)
    return document(ours, stock, settings)


def measure_ours(folder: Path, settings: dict[str, Any]) -> dict[str, Any]:
    """Serve ours from a data folder that is made for this and removed, and measure it. Raises ProcessFailed."""
    program = Path(sys.executable).with_name("local-offer")
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    with tempfile.TemporaryDirectory(prefix="ours-", dir=folder) as data, Processes(folder / "logs") as servers:
        command = [str(program), "serve", "--host", "127.0.0.1", "--port", str(port), "--data", data]
        servers.start("ours", command, cwd=ROOT, environment=quiet_environment(LOCAL_OFFER_RATE_LIMITS="off"))
        servers.wait_for_answer(f"{url}/readyz", READY_SECONDS, "ours: starting, and training first")
        figures = _figures("ours", url, servers, folder, settings)
    phases = (figures["one"], figures["many"])
    messages = sum(phase["messages"] for phase in phases)
    figures["answered"] = round(sum(phase["answers"] for phase in phases) / max(1, messages), 3)
    return figures


def measure_stock(folder: Path, model: Path, settings: dict[str, Any]) -> dict[str, Any]:
    """Serve the stock assistant and its action server, and measure it. Raises ProcessFailed."""
    home = folder / "stock"
    port, actions_port = free_port(), free_port()
    url = f"http://127.0.0.1:{port}"
    project.write_endpoints(home, actions_port)
    with Processes(folder / "logs") as servers:
        rasa = [sys.executable, "-m", "rasa", "run"]
        actions = [*rasa, "actions", "--actions", "actions", "--port", str(actions_port)]
        servers.start("stock-actions", actions, cwd=home, environment=quiet_environment(SANIC_HOST="127.0.0.1"))
        servers.wait_for_answer(f"http://127.0.0.1:{actions_port}/health", READY_SECONDS, "stock: starting its actions")
        files = ["--model", str(model), "--endpoints", project.ENDPOINTS, "--credentials", "credentials.yml"]
        serve = [*rasa, "--interface", "127.0.0.1", "--port", str(port), *files]
        servers.start("stock", serve, cwd=home, environment=quiet_environment())
        servers.wait_for_answer(url, READY_SECONDS, "stock: starting")
        figures = _figures("stock", url, servers, folder, settings)
    return {**figures, **_stock_actions(home / project.TRACKER_DATABASE)}


def _figures(which: str, url: str, servers: Processes, folder: Path, settings: dict[str, Any]) -> dict[str, Any]:
    seconds, at_once = settings["seconds"], settings["at_once"]
    options = ["--seconds", str(seconds), "--at-once", str(at_once)]
    command = [sys.executable, str(Path(__file__).with_name("load.py")), which, url, *options]
    watch = Watch(servers)
    with Processes(folder / "logs") as generators:
        load = generators.start(
            f"{which}-load",
            command,
            cwd=ROOT,
            environment=quiet_environment(),
            stdout=subprocess.PIPE,
            stderr=None,
            text=True,
        )
        output = generators.output_of(load, 2 * seconds + LOAD_SPARE_SECONDS, f"{which}: the load")
    servers.check(f"{which}: under the load")
    return {**json.loads(output), "memory_mb": round(servers.memory_mb(), 1), "other_cpus": watch.other_cpus()}


def _stock_actions(database: Path) -> dict[str, Any]:
    """What the stock assistant did with its messages, warm-up included, from its tracker store."""
    with contextlib.closing(sqlite3.connect(database)) as connection:
        (messages,) = connection.execute("select count(*) from events where type_name = 'user'").fetchone()
        rows = connection.execute(
            "select action_name, count(*) from events where type_name = 'action' group by 1 order by 2 desc"
        )
        actions = dict(rows.fetchall())
    return {"answered": round(actions.get("action_answer", 0) / max(1, messages), 3), "actions": actions}


if __name__ == "__main__":
    main()
