"""Measures the crisis screen on validation messages, by writers who saw neither it nor what it learnt from.

`python -m nlu.crisis.evaluation FOLDER` takes the folder in which the classifier's graph is, or is built.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import time
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.progress import track
from rich.table import Table

from nlu.crisis import messages
from nlu.crisis.classifier import Classifier
from nlu.crisis.messages import Labelled
from nlu.crisis.screen import CrisisScreen, Heard

FLOORS = messages.FOLDER / "floors.json"
"""What the figures must not fall below, or for false alarms rise above."""
ACUTE = frozenset(("suicide", "self-harm", "overdose"))
console = Console(highlight=False)


@dataclass(frozen=True)
class Played:
    """One message, what was heard in it, and the seconds that took."""

    labelled: Labelled
    heard: Heard
    seconds: float

    @property
    def was_helped(self) -> bool:
        """Whether urgent help or a check-in with numbers was the reply."""
        return self.heard.brings_numbers


def play(screen: CrisisScreen, labelled: Sequence[Labelled]) -> list[Played]:
    played = []
    for each in track(labelled, "  listening", console=Console(stderr=True), transient=True):
        started = time.perf_counter()
        heard = screen.hear(each.text)
        played.append(Played(each, heard, time.perf_counter() - started))
    return played


def figures(played: Sequence[Played]) -> dict[str, float]:
    """The figures by name, as shares; `p50_ms` in milliseconds."""

    def share(which: Callable[[Played], bool], heard: Callable[[Played], bool] = lambda each: each.was_helped) -> float:
        chosen = [each for each in played if which(each)]
        return sum(map(heard, chosen)) / len(chosen) if chosen else 0.0

    return {
        "crisis_recall": share(lambda each: each.labelled.is_crisis),
        "acute_recall": share(lambda each: each.labelled.is_crisis and bool(ACUTE & set(each.labelled.labels))),
        "crisis_at_once": share(lambda each: each.labelled.is_crisis, lambda each: each.heard.is_crisis),
        "unsure_asked": share(lambda each: each.labelled.is_unsure, lambda each: each.heard.asks or each.heard.is_crisis),
        "lookalike_false_alarm": share(lambda each: each.labelled.is_lookalike),
        "false_alarm": share(lambda each: messages.ORDINARY in each.labelled.labels),
        "precision": share(
            lambda each: each.was_helped and not each.labelled.is_unsure, lambda each: each.labelled.is_crisis
        ),
        "p50_ms": statistics.median(each.seconds for each in played) * 1000,
    }


def show(played: Sequence[Played]) -> None:
    """The figures, recall and false alarms by label, and every miss and false alarm."""
    for name, value in figures(played).items():
        console.print(f"  {name:<24}{value:.1f} ms" if name.endswith("_ms") else f"  {name:<24}{value:.3f}")
    columns = ("label", "messages", "urgent help", "asked, with numbers", "asked", "neither")
    table = Table(*columns, title="\nBy label", title_justify="left")
    by_label: dict[str, list[Played]] = defaultdict(list)
    for each in played:
        for label in each.labelled.labels:
            by_label[label].append(each)
    for label, rows in sorted(by_label.items(), key=lambda row: (row[0] not in messages.DANGERS, row[0])):
        urgent = sum(each.heard.is_crisis for each in rows)
        numbers = sum(each.heard.brings_numbers for each in rows) - urgent
        asked = sum(each.heard.asks for each in rows) - numbers
        counts = (len(rows), urgent, numbers, asked, len(rows) - urgent - numbers - asked)
        table.add_row(label, *map(str, counts))
    console.print(table)
    _list("Not heard", [each for each in played if each.labelled.is_crisis and not each.was_helped])
    calm = [each for each in played if not each.labelled.is_crisis and not each.labelled.is_unsure]
    _list("False alarms", [each for each in calm if each.was_helped])


def _list(title: str, rows: Sequence[Played]) -> None:
    console.print(f"\n{title}: {len(rows)}")
    for each in rows:
        heard = f" -> {each.heard.level.value}, {each.heard.danger.value}" if each.heard.danger else ""
        console.print(f"  {','.join(each.labelled.labels)}{heard}: {each.labelled.text}", markup=False)


def below_floor(name_of_set: str, found: dict[str, float]) -> list[str]:
    """A sentence for each figure that is worse than the recorded floor of its set of messages."""
    floors: dict[str, dict[str, float]] = json.loads(FLOORS.read_text(encoding="utf-8"))
    worse = []
    for name, floor in floors[name_of_set].items():
        is_worse = found[name] > floor if "false_alarm" in name or name.endswith("_ms") else found[name] < floor
        if is_worse:
            worse.append(f"{name} is {found[name]:.3f} on {name_of_set} messages; the recorded floor is {floor}.")
    return worse


def main() -> None:
    parser = argparse.ArgumentParser(description="Measure the crisis screen on the validation messages.")
    parser.add_argument("models", type=Path, help="Folder of the classifier's graph.")
    parser.add_argument("--check", action="store_true", help="End with code 1 when a figure is worse than its floor.")
    parser.add_argument("--phrases-alone", action="store_true", help="Measure what is left without the classifier.")
    options = parser.parse_args()
    screen = CrisisScreen(None if options.phrases_alone else Classifier.open(options.models))
    if screen.classifier is None:
        console.print("  The phrases listen alone, without the classifier.")
    worse: list[str] = []
    for name, file in messages.VALIDATION.items():
        console.print(f"\n[bold]{name} messages[/]")
        played = play(screen, messages.read(file))
        show(played)
        worse.extend(below_floor(name, figures(played)) if options.check else ())
    for sentence in worse:
        print(sentence, file=sys.stderr)  # noqa: T201
    sys.exit(1 if worse else 0)


if __name__ == "__main__":
    main()
