"""What was measured, side by side: a table to read, a document to keep, and whether it is good enough."""

from __future__ import annotations

import os
import platform
from importlib import metadata
from typing import Any

from rich.console import Console
from rich.table import Table

PACKAGES = ("local-offer", "rasa", "tensorflow", "aiohttp", "SQLAlchemy", "onnxruntime")
PHASE_ROWS = (
    ("messages a second", "messages_a_second", "more"),
    ("p50, ms", "p50_ms", "less"),
    ("p95, ms", "p95_ms", "less"),
    ("messages", "messages", ""),
    ("errors", "errors", ""),
)
"""Label, key, and whether more or less of it is better: that way round is the ratio."""
QUIET_CPUS = 0.15
"""More than this taken by other work moves the figures visibly."""


def document(ours: dict[str, Any], stock: dict[str, Any], settings: dict[str, Any]) -> dict[str, Any]:
    """All of it as plain data. A ratio says how many times better ours is; None where something is missing."""
    return {
        "machine": {"cpus": os.cpu_count(), "python": platform.python_version(), "system": platform.system()},
        "versions": {name: metadata.version(name) for name in PACKAGES},
        "settings": settings,
        "ours": ours,
        "stock": stock,
        "ratios": {
            **{
                f"{phase}_{key}": _ratio(ours[phase][key], stock[phase][key], better)
                for phase in ("one", "many")
                for _, key, better in PHASE_ROWS
                if better
            },
            "memory_mb": _ratio(ours["memory_mb"], stock["memory_mb"], "less"),
        },
    }


def show(result: dict[str, Any]) -> None:
    """Write the table and what one must know to read it to standard output."""
    settings, ours, stock, ratios = result["settings"], result["ours"], result["stock"], result["ratios"]
    table = Table("", *(f"{name} " for name in ("ours", "stock", "times better")), box=None, pad_edge=False)
    for column in table.columns[1:]:
        column.justify = "right"
    for phase, title in (("one", "one conversation at a time"), ("many", f"{settings['at_once']} conversations at once")):
        table.add_row(f"[bold]{title}[/]")
        for label, key, _ in PHASE_ROWS:
            table.add_row(
                f"  {label}", _text(ours[phase][key]), _text(stock[phase][key]), _text(ratios.get(f"{phase}_{key}"))
            )
    table.add_row("[bold]both[/]")
    table.add_row("  memory, MB (resident)", _text(ours["memory_mb"]), _text(stock["memory_mb"]), _text(ratios["memory_mb"]))
    table.add_row("  answered with an entry", f"{ours['answered']:.0%}", f"{stock['answered']:.0%}", "")
    table.add_row("  CPUs taken by other work", f"{ours['other_cpus']:.2f}", f"{stock['other_cpus']:.2f}", "")
    console = Console(highlight=False, width=100)
    console.print(table)
    machine = result["machine"]
    versions = ", ".join(f"{name} {version}" for name, version in result["versions"].items())
    console.print(
        f"\n{machine['cpus']} CPUs, Python {machine['python']}, {versions}."
        f"\nEach phase lasted {settings['seconds']:g} s, after a warm-up that is not counted; one server ran at a time."
        f"\nThe stock assistant was trained for {settings['epochs']} epochs; `rasa init` has 100. Only its speed is measured"
        " here: the speed of a trained model does not depend on how well it learnt, as long as it takes questions to its"
        " custom action ('answered with an entry'; 8 of the 12 messages are questions for an entry)."
    )
    if max(ours["other_cpus"], stock["other_cpus"]) > QUIET_CPUS:
        console.print("Other work kept the machine busy meanwhile: these figures are disturbed. Measure again.")
    for name, figures in (("ours", ours), ("stock", stock)):
        errors = [figures[phase]["first_error"] for phase in ("one", "many") if figures[phase]["errors"]]
        if errors:
            console.print(f"The first error of {name}: {errors[0]}", markup=False)


def shortfalls(result: dict[str, Any], min_ratio: float | None, max_p50: float | None) -> list[str]:
    """What is not good enough, in sentences. Errors of ours always count once a demand is made."""
    found = []
    ratio, p50 = result["ratios"]["many_messages_a_second"], result["ours"]["one"]["p50_ms"]
    if min_ratio is not None and (ratio is None or ratio < min_ratio):
        found.append(
            f"Ours handles {_text(ratio)} times the stock assistant's messages a second; {min_ratio:g} was asked for."
        )
    if max_p50 is not None and (p50 is None or p50 > max_p50):
        found.append(f"Ours takes {_text(p50)} ms (p50, one at a time); at most {max_p50:g} was asked for.")
    errors = result["ours"]["one"]["errors"] + result["ours"]["many"]["errors"]
    if errors and (min_ratio is not None or max_p50 is not None):
        found.append(f"Ours left {errors} messages without an answer.")
    return found


def _ratio(ours: float | None, stock: float | None, better: str) -> float | None:
    if not ours or not stock:
        return None
    return round(ours / stock if better == "more" else stock / ours, 2)


def _text(value: float | None) -> str:
    if value is None:
        return ""
    return f"{value:,}" if isinstance(value, int) else f"{value:,.1f}"
