"""`python -m nlu.evaluation MODEL`: plays the validation messages through a trained model and prints the figures."""

from __future__ import annotations

import asyncio
import json
import logging
import sys
import time
import warnings
from collections.abc import Sequence
from pathlib import Path

import click
import structlog
from rich.console import Console
from rich.progress import track
from rich.table import Table

from content.library import open_library
from nlu import messages
from nlu.messages import Labelled
from nlu.report import Report, Understood

FLOORS = messages.FOLDER / "floors.json"
MOST_SHOWN = 15


@click.command()
@click.argument("model", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--picture", type=click.Path(dir_okay=False, path_type=Path), help="Draw the reliability into this SVG file.")
@click.option("--check", is_flag=True, help="End with code 1 when a figure is worse than the recorded floor.")
def main(model: Path, picture: Path | None, check: bool) -> None:
    """Say how well MODEL understands the validation messages, which nothing was ever learnt from or fitted to."""
    _quieten()
    report = Report.of(understand(model, messages.read(messages.VALIDATION)), open_library().shelf.entries)
    console = Console(highlight=False)
    for table in (_figures(report), _reliability(report), _confusions(report), _worst(report)):
        console.print(table)
    if picture:
        draw(report, picture)
        console.print(f"Reliability drawn into {picture}.")
    if check and (worse := report.below(json.loads(FLOORS.read_text(encoding="utf-8")))):
        raise click.ClickException(" ".join(worse))


def _quieten() -> None:
    """Rasa and what it imports warn of their own futures, and Rasa's log lines carry what people wrote."""
    logging.disable(logging.WARNING)
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))
    warnings.showwarning = lambda *_, **__: None  # type: ignore[assignment]


def understand(model: Path, labelled: Sequence[Labelled]) -> list[Understood]:
    """What the model's whole pipeline makes of each message."""
    from rasa.core.agent import Agent  # here: it takes ten seconds, and --help should not
    from rasa.core.channels.channel import UserMessage

    agent = Agent.load(str(model))

    async def parse_all() -> list[Understood]:
        await agent.parse_message("hello")  # the first message pays for what is made once
        rows = []
        watched = track(labelled, "  understanding", console=Console(stderr=True), transient=True)
        for message in watched:
            started = time.perf_counter()
            # The crisis screen is measured by itself; here it would hide how the message is understood.
            parsed = await agent.processor.parse_message(UserMessage(message.text, metadata={"screened": True}))
            rows.append(Understood.of(message, parsed, time.perf_counter() - started))
        return rows

    return asyncio.run(parse_all())


def draw(report: Report, file: Path) -> None:
    """How often the best guess is right against how sure it is: on the diagonal where probabilities mean what they say."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(5, 5), layout="constrained")
    axes = figure.subplots()
    known = [each for each in report.bins if each]
    axes.plot([0, 1], [0, 1], color="#999999", linestyle="--", label="as sure as right")
    axes.plot([each.sure for each in known], [each.right for each in known], marker="o", color="#0b5d5e", label="measured")
    for each in known:
        axes.annotate(str(each.count), (each.sure, each.right), textcoords="offset points", xytext=(6, -10), fontsize=8)
    axes.set(xlim=(0, 1), ylim=(0, 1), xlabel="how sure", ylabel="how often right")
    axes.set_title(f"Calibration error {report.figures['calibration_error']:.3f}")
    axes.legend(loc="upper left")
    figure.savefig(file)


def _figures(report: Report) -> Table:
    table = Table("figure", "value", title="On messages that were never learnt", title_justify="left")
    for name, value in report.figures.items():
        table.add_row(name, f"{value:.1f}" if name.endswith("_ms") else f"{value:.3f}")
    return table


def _reliability(report: Report) -> Table:
    table = Table("sure", "messages", "mean", "right", title="Reliability", title_justify="left")
    for place, each in enumerate(report.bins):
        if each:
            table.add_row(
                f"{place / 10:.1f} to {place / 10 + 0.1:.1f}", str(each.count), f"{each.sure:.2f}", f"{each.right:.2f}"
            )
    return table


def _confusions(report: Report) -> Table:
    table = Table("right", "taken for", "times", title="Most confused", title_justify="left")
    for right, taken, times in report.confusions[:MOST_SHOWN]:
        table.add_row(right, taken, str(times))
    return table


def _worst(report: Report) -> Table:
    table = Table("sure", "taken for", "right", "message", title="Surest mistakes", title_justify="left")
    for row in report.worst[:MOST_SHOWN]:
        name, sure = row.best
        table.add_row(f"{sure:.2f}", name, ", ".join(sorted(row.message.labels)), row.message.text)
    return table


if __name__ == "__main__":
    sys.exit(main())
