"""The command that measures our understanding beside the stock Rasa pipeline and a search, and on public intent data."""

from __future__ import annotations

import contextlib
import csv
import json
import math
import sys
import tempfile
import time
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import mean, median, quantiles
from typing import Any

import click
import numpy as np
from rich.console import Console
from rich.table import Table

from content import seed
from nlu import messages
from nlu.features import TextFeatures
from nlu.head import Head
from nlu.knowledge import SURE, Example, Second
from nlu.normal import plain
from nlu.sentences import LARGE, SentenceModel
from nlu.talk import talk

DRAWS, SHOTS = 5, 10
"""As the few-shot results on these sets are made (Casanueva et al., 2020)."""
OUT_OF_SCOPE = "oos"
console = Console(highlight=False)


@dataclass(frozen=True)
class Text:
    """A text and its right labels; an example has one."""

    text: str
    labels: frozenset[str]

    @property
    def label(self) -> str:
        return next(iter(self.labels))


@dataclass(frozen=True)
class Models:
    """The sentence models that there are to read by."""

    sentences: SentenceModel | None = None
    larger: SentenceModel | None = None


class Ours:
    """Our features and heads, as the assistant reads: a second time what it is unsure of."""

    def __init__(self, examples: Sequence[Text], models: Models) -> None:
        labels = [each.label for each in examples]
        self._features = TextFeatures(models.sentences)
        rows = self._features.fit([each.text for each in examples])
        self._head = Head.fit(rows, labels)
        kept = [Example(label, each.text) for label, each in zip(labels, examples, strict=True)]
        self._second = Second.learn(models.larger, rows, kept) if models.sentences and models.larger else None

    def calibrate(self, held: Sequence[Text]) -> None:
        texts, labels = [each.text for each in held], [each.labels for each in held]
        rows = self._features.of(texts)
        self._head = self._head.calibrated(rows, labels)
        if self._second:
            joined = rows.joined(self._second.meaning.of(texts))
            self._second = replace(self._second, head=self._second.head.calibrated(joined, labels))

    def chosen(self, asked: Sequence[Text]) -> tuple[list[str], np.ndarray]:
        """The class that each text is given, and how sure that is."""
        texts = [each.text for each in asked]
        rows = self._features.of(texts)
        probabilities = self._head.probabilities(rows)
        unsure = np.flatnonzero(probabilities.max(axis=1) < SURE)
        if self._second and len(unsure):
            joined = rows[unsure].joined(self._second.meaning.of([texts[place] for place in unsure]))
            probabilities[unsure] = self._second.head.probabilities(joined)
        return [self._head.classes[place] for place in probabilities.argmax(axis=1)], probabilities.max(axis=1)


@click.command(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.option("--benchmarks", type=click.Path(exists=True, file_okay=False, path_type=Path), help="Folder of public data.")
@click.option("--own/--no-own", default=True, help="Measure on our own validation messages.")
@click.option("--per-class", type=click.IntRange(2), help="Examples a class for all on our own questions.  [default: all]")
@click.option("--epochs", type=click.IntRange(0), default=100, show_default=True, help="DIET's epochs; 0 leaves it out.")
@click.option("--draws", type=click.IntRange(1), default=DRAWS, show_default=True, help="Draws of ten examples a class.")
@click.option("--data", type=click.Path(file_okay=False, path_type=Path), default=Path("data"), show_default=True)
@click.option("--json", "json_file", type=click.Path(dir_okay=False, path_type=Path), help="Write the figures here too.")
def main(
    benchmarks: Path | None,
    own: bool,
    per_class: int | None,
    epochs: int,
    draws: int,
    data: Path,
    json_file: Path | None,
) -> None:
    """Measure how well messages are understood: ours, the stock Rasa pipeline (DIET) and BM25 on the same examples.

    \b
    uv run python bench/understanding.py
    uv run python bench/understanding.py --per-class 20 --epochs 100
    uv run python bench/understanding.py --no-own --benchmarks DIR

    The folder of public data holds banking77/{train,test}.csv and clinc150/data_full.json as they are published. DIET
    takes about a minute an epoch on all our examples with two cores: --per-class keeps a comparison short.
    """
    models = Models(SentenceModel.open(data / "models"), SentenceModel.open(data / "models", LARGE))
    figures: dict[str, Any] = {}
    if own:
        figures["own"] = measure_own(models, per_class, epochs)
    if benchmarks:
        figures["banking77"] = measure_banking(benchmarks / "banking77", models, draws)
        figures["clinc150"] = measure_clinc(benchmarks / "clinc150", models, draws)
    for name, each in figures.items():
        table = Table("", "value", title=name, title_justify="left")
        for figure, value in each.items():
            table.add_row(figure, f"{value:.2f}")
        console.print(table)
    if json_file:
        json_file.write_text(json.dumps(figures, indent=2), encoding="utf-8")


def measure_own(models: Models, per_class: int | None, epochs: int) -> dict[str, float]:
    """Right first, in percent of our validation messages; questions alone and with all the talk."""
    entries = {each.key: each.body for each in seed.read() if each.kind == "entry"}
    texts = {name: [body["title"], body["label"], *body["questions"]] for name, body in entries.items()}
    texts.update(talk())
    random = np.random.default_rng(0)
    examples = [
        Text(text, frozenset((name,)))
        for name, all_texts in sorted(texts.items())
        for text in (random.permutation(all_texts)[:per_class] if per_class else all_texts)
    ]
    asked = [Text(message.text, message.labels) for message in messages.read(messages.VALIDATION)]
    answers = {
        "ours": Ours(examples, models).chosen(asked)[0],
        "ours, one reading": Ours(examples, Models(models.sentences)).chosen(asked)[0],
        "ours, words alone": Ours(examples, Models()).chosen(asked)[0],
        "BM25": bm25(examples, asked),
    }
    if epochs:
        answers[f"DIET, {epochs} epochs"] = diet(examples, asked, epochs)
    questions = [place for place, text in enumerate(asked) if text.labels & entries.keys()]
    figures: dict[str, float] = {"examples": len(examples), "messages": len(asked)}
    for name, answered in answers.items():
        right = [answer in text.labels for answer, text in zip(answered, asked, strict=True)]
        figures[f"{name}: questions"] = 100 * mean(right[place] for place in questions)
        figures[f"{name}: all"] = 100 * mean(right)
    return figures


def measure_banking(folder: Path, models: Models, draws: int) -> dict[str, float]:
    train, test = (_csv(folder / f"{part}.csv") for part in ("train", "test"))
    few = [_accuracy(Ours(_few(train, draw), models).chosen(test)[0], test) for draw in range(draws)]
    return {"10-shot, mean": mean(few), "10-shot, lowest": min(few), "10-shot, highest": max(few)}


def measure_clinc(folder: Path, models: Models, draws: int) -> dict[str, float]:
    data = json.loads((folder / "data_full.json").read_text(encoding="utf-8"))
    parts = {name: [Text(text, frozenset((label,))) for text, label in rows] for name, rows in data.items()}
    test = parts["test"]
    few = [_accuracy(Ours(_few(parts["train"], draw), models).chosen(test)[0], test) for draw in range(draws)]
    # Out of scope is learnt as one more class from its hundred examples, as the paper's "oos-train" does.
    ours = Ours([*parts["train"], *parts["oos_train"]], models)
    held = [*parts["val"], *parts["oos_val"]]
    ours.calibrate(held)
    threshold = _threshold(*ours.chosen(held), held)
    names, sure = ours.chosen(test)
    kept = [name if certain >= threshold else OUT_OF_SCOPE for name, certain in zip(names, sure, strict=True)]
    outside, sure = ours.chosen(parts["oos_test"])
    refused = [bool(certain < threshold or name == OUT_OF_SCOPE) for name, certain in zip(outside, sure, strict=True)]
    return {
        "10-shot, mean": mean(few),
        "10-shot, lowest": min(few),
        "10-shot, highest": max(few),
        "full: in scope": _accuracy(kept, test),
        "full: out-of-scope recall": 100 * mean(refused),
    }


def _threshold(names: Sequence[str], sure: np.ndarray, held: Sequence[Text]) -> float:
    """The certainty under which a text counts as out of scope: the best mean of both recalls on texts held back."""
    outside = np.array([each.label == OUT_OF_SCOPE for each in held])
    right = np.array([name == each.label for name, each in zip(names, held, strict=True)])
    refused_by_class = np.array([name == OUT_OF_SCOPE for name in names])

    def both(threshold: float) -> float:
        kept = (sure >= threshold) & ~refused_by_class
        return float((right & kept)[~outside].mean() + (~kept)[outside].mean())

    return max((float(each) for each in np.linspace(0.02, 0.98, 49)), key=both)


def bm25(examples: Sequence[Text], asked: Sequence[Text], k: float = 1.2, b: float = 0.75) -> list[str]:
    """The class of the best example by BM25 (Robertson and Zaragoza, 2009)."""
    documents = [Counter(plain(each.text).split()) for each in examples]
    lengths = [sum(each.values()) for each in documents]
    usual = mean(lengths)
    postings: dict[str, list[int]] = defaultdict(list)
    for place, document in enumerate(documents):
        for word in document:
            postings[word].append(place)
    found = []
    for each in asked:
        scores: dict[int, float] = defaultdict(float)
        for word in set(plain(each.text).split()):
            places = postings.get(word, ())
            rarity = math.log(1 + (len(documents) - len(places) + 0.5) / (len(places) + 0.5))
            for place in places:
                count = documents[place][word]
                scores[place] += rarity * count * (k + 1) / (count + k * (1 - b + b * lengths[place] / usual))
        found.append(examples[max(scores, key=scores.__getitem__)].label if scores else "")
    return found


def diet(examples: Sequence[Text], asked: Sequence[Text], epochs: int) -> list[str]:
    """The intent that Rasa's own default NLU pipeline gives each text, after so many epochs of DIET."""
    import asyncio

    import yaml
    from rasa.core.agent import Agent
    from rasa.model_training import train_nlu

    pipeline = [
        {"name": "WhitespaceTokenizer"},
        {"name": "RegexFeaturizer"},
        {"name": "LexicalSyntacticFeaturizer"},
        {"name": "CountVectorsFeaturizer"},
        {"name": "CountVectorsFeaturizer", "analyzer": "char_wb", "min_ngram": 1, "max_ngram": 4},
        {"name": "DIETClassifier", "epochs": epochs, "constrain_similarities": True},
    ]
    by_label: dict[str, list[str]] = defaultdict(list)
    for each in examples:
        by_label[each.label].append(each.text.replace("[", "(").replace("]", ")"))
    with tempfile.TemporaryDirectory() as folder:
        config, data = Path(folder, "config.yml"), Path(folder, "nlu.yml")
        config.write_text(yaml.safe_dump({"recipe": "default.v1", "language": "en", "pipeline": pipeline}))
        blocks = [
            {"intent": label, "examples": "".join(f"- {text}\n" for text in texts)} for label, texts in by_label.items()
        ]
        data.write_text(yaml.safe_dump({"version": "3.1", "nlu": blocks}, allow_unicode=True, width=10_000))
        started = time.monotonic()
        with contextlib.redirect_stdout(sys.stderr):
            model = train_nlu(str(config), str(data), folder)
        console.print(f"DIET trained {epochs} epochs on {len(examples)} examples in {time.monotonic() - started:.0f} s.")
        agent = Agent.load(model)

        async def answers() -> list[str]:
            names, seconds = [], []
            for each in asked:
                started = time.perf_counter()
                names.append((await agent.parse_message(each.text))["intent"]["name"] or "")
                seconds.append(time.perf_counter() - started)
            console.print(f"DIET: p50 {median(seconds) * 1000:.1f} ms, p95 {quantiles(seconds, n=20)[18] * 1000:.1f} ms.")
            return names

        return asyncio.run(answers())


def _few(examples: Sequence[Text], draw: int) -> list[Text]:
    """Ten examples a class, drawn with a fixed seed."""
    random = np.random.default_rng(draw)
    by_label: dict[str, list[Text]] = defaultdict(list)
    for each in examples:
        by_label[each.label].append(each)
    return [texts[place] for _, texts in sorted(by_label.items()) for place in random.permutation(len(texts))[:SHOTS]]


def _accuracy(answered: Sequence[str], asked: Sequence[Text]) -> float:
    return 100 * mean(answer in text.labels for answer, text in zip(answered, asked, strict=True))


def _csv(file: Path) -> list[Text]:
    with file.open(encoding="utf-8", newline="") as rows:
        return [Text(row["text"], frozenset((row["category"],))) for row in csv.DictReader(rows)]


if __name__ == "__main__":
    main()
