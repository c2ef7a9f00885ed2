"""Tunes the sentence model to crises: small changes of its weights, and a head over the mean of its last states.

`python -m nlu.crisis.tuning first` learns from `messages/training.tsv` and writes `first.npz`, in about half an hour on two
cores; `second` is the same from another beginning. It is for those who change the training messages. What runs reads
the files.

Each dense layer gets a product of two thin matrices added to it, and only those are learnt (Hu et al., "LoRA: Low-Rank
Adaptation of Large Language Models", ICLR 2022). TensorFlow, which Rasa brings along, does the learning.
"""

from __future__ import annotations

import argparse
import os
import random
import re
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import numpy as np

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
import tensorflow as tf
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn
from safetensors.numpy import load_file
from tokenizers import Tokenizer

from content.crisis import Danger
from nlu.crisis import classifier, messages
from nlu.crisis.phrases import spelling
from nlu.crisis.words import english
from nlu.sentences import SMALL, carried_files

RANK, SCALE = 12, 2.0
ROUNDS, BATCH, RATE, DROPOUT = 5, 32, 7e-4, 0.15
ORDINARY = 8000
"""Ordinary messages in a round: half of them those that sound most alarming so far, the others drawn anew."""
SMOOTHING = 0.02
"""Of a right class's share, given to all classes, so that nothing is learnt as certain."""
REMEMBERED = 0.998
"""What is kept is a running mean of the weights: how much of it stays at each step (Polyak and Juditsky, 1992)."""
LONGEST = 96
"""Tokens of a training message that are read."""
TUNED = ("attention.self.query", "attention.self.key", "attention.self.value", "attention.output.dense",
         "intermediate.dense", "output.dense")  # fmt: skip
READERS = {"first": (classifier.FIRST, 11), "second": (classifier.SECOND, 7)}
"""Each reader's file, and the number from which its beginning and the order of its messages are drawn."""
console = Console(stderr=True)


class _Tuned(tf.Module):
    """The sentence model with its changes, and the head."""

    def __init__(self, weights: dict[str, np.ndarray], classes: int, seed: int) -> None:
        super().__init__()
        self.fixed = {name: tf.constant(value.astype(np.float32)) for name, value in weights.items()}
        first = tf.random_normal_initializer(stddev=0.02, seed=seed)
        self.down, self.up = {}, {}
        for layer in range(SMALL.layers):
            for part in TUNED:
                name = f"encoder.layer.{layer}.{part}"
                out, into = weights[f"{name}.weight"].shape
                self.down[name] = tf.Variable(first((into, RANK)), name=f"{name}.down")
                self.up[name] = tf.Variable(tf.zeros((RANK, out)), name=f"{name}.up")
        self.head = tf.Variable(first((SMALL.width, classes)))
        self.bias = tf.Variable(tf.zeros(classes))

    def restore(self, file: Path) -> None:
        with np.load(file) as kept:
            for name in self.down:
                self.down[name].assign(kept[f"{name}.down"].astype(np.float32))
                self.up[name].assign(kept[f"{name}.up"].astype(np.float32) / SCALE)
            self.head.assign(kept["head"])
            self.bias.assign(kept["bias"])

    def scores(self, ids: tf.Tensor, mask: tf.Tensor, dropout: float) -> tf.Tensor:
        fixed = self.fixed
        hidden = tf.gather(fixed["embeddings.word_embeddings.weight"], ids)
        hidden += fixed["embeddings.position_embeddings.weight"][: tf.shape(ids)[1]]
        hidden = self._norm(hidden + fixed["embeddings.token_type_embeddings.weight"][0], "embeddings.LayerNorm")
        hiding = (1.0 - mask)[:, None, None, :] * -1e9
        for layer in range(SMALL.layers):
            hidden = self._layer(hidden, hiding, f"encoder.layer.{layer}", dropout)
        mean = tf.reduce_sum(hidden * mask[:, :, None], axis=1) / tf.reduce_sum(mask, axis=1, keepdims=True)
        return tf.nn.dropout(mean, dropout) @ self.head + self.bias

    def _layer(self, hidden: tf.Tensor, hiding: tf.Tensor, name: str, dropout: float) -> tf.Tensor:
        query, key, value = (
            self._heads(self._dense(hidden, f"{name}.attention.self.{part}", dropout)) for part in ("query", "key", "value")
        )
        attention = tf.nn.softmax(tf.matmul(query, key, transpose_b=True) / np.sqrt(SMALL.width / SMALL.heads) + hiding)
        context = tf.reshape(tf.transpose(tf.matmul(attention, value), (0, 2, 1, 3)), tf.shape(hidden))
        hidden = self._norm(
            self._dense(context, f"{name}.attention.output.dense", dropout) + hidden, f"{name}.attention.output.LayerNorm"
        )
        inner = tf.nn.gelu(self._dense(hidden, f"{name}.intermediate.dense", dropout))
        return self._norm(self._dense(inner, f"{name}.output.dense", dropout) + hidden, f"{name}.output.LayerNorm")

    def _heads(self, hidden: tf.Tensor) -> tf.Tensor:
        shape = tf.shape(hidden)
        return tf.transpose(tf.reshape(hidden, (shape[0], shape[1], SMALL.heads, SMALL.width // SMALL.heads)), (0, 2, 1, 3))

    def _dense(self, hidden: tf.Tensor, name: str, dropout: float) -> tf.Tensor:
        plain = tf.matmul(hidden, self.fixed[f"{name}.weight"], transpose_b=True) + self.fixed[f"{name}.bias"]
        return plain + SCALE * (tf.nn.dropout(hidden, dropout) @ self.down[name]) @ self.up[name]

    def _norm(self, hidden: tf.Tensor, name: str) -> tf.Tensor:
        mean, variance = tf.nn.moments(hidden, axes=[-1], keepdims=True)
        return tf.nn.batch_normalization(
            hidden, mean, variance, self.fixed[f"{name}.bias"], self.fixed[f"{name}.weight"], 1e-12
        )


def tune(
    training: Sequence[messages.Labelled],
    target: Path,
    *,
    seed: int,
    rate: float = RATE,
    rounds: int = ROUNDS,
    ordinary: Sequence[messages.Labelled] = (),
    watch: Sequence[messages.Labelled] = (),
    further: Path | None = None,
) -> None:
    """Learn from labelled messages and write the classifier; `watch` are messages to report on after each round.

    `further` is a classifier's file to learn on from.
    """
    files = carried_files()
    if files is None:
        raise SystemExit("The package with the sentence model's weights is not installed.")
    weights = load_file(files[0])
    tokenizer = Tokenizer.from_file(str(files[1]))
    tokenizer.no_padding()
    tokenizer.enable_truncation(LONGEST)
    tf.random.set_seed(seed)
    chance = random.Random(seed)  # noqa: S311
    model = _Tuned(weights, len(classifier.CLASSES), seed)
    if further:
        model.restore(further)
    variables = model.trainable_variables
    means = [tf.Variable(variable, trainable=False) for variable in variables]
    drawn = min(ORDINARY, len(ordinary))
    steps = rounds * ((2 * len(training) + drawn) // BATCH)
    falling = tf.keras.optimizers.schedules.CosineDecay(rate, steps)
    optimizer = tf.keras.optimizers.Adam(falling, clipnorm=1.0)

    shapes = [tf.TensorSpec((None, None), tf.int32), tf.TensorSpec((None, None), tf.float32)]

    @tf.function(autograph=False, input_signature=[*shapes, tf.TensorSpec((None, len(classifier.CLASSES)), tf.float32)])
    def step(ids: tf.Tensor, mask: tf.Tensor, truth: tf.Tensor) -> tf.Tensor:
        with tf.GradientTape() as tape:
            likely = tf.nn.log_softmax(model.scores(ids, mask, DROPOUT))
            right = tf.reduce_logsumexp(likely + tf.math.log(truth + 1e-9), axis=1)
            smoothed = (1.0 - SMOOTHING) * right + SMOOTHING * tf.reduce_mean(likely, axis=1)
            loss = -tf.reduce_mean(smoothed)
        optimizer.apply_gradients(zip(tape.gradient(loss, variables), variables, strict=True))
        for mean, variable in zip(means, variables, strict=True):
            mean.assign(REMEMBERED * mean + (1.0 - REMEMBERED) * variable)
        return loss

    @tf.function(autograph=False, input_signature=shapes)
    def probabilities(ids: tf.Tensor, mask: tf.Tensor) -> tf.Tensor:
        return tf.nn.softmax(model.scores(ids, mask, 0.0))

    columns = (TextColumn("{task.description}"), BarColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console) as progress:
        task = progress.add_task("learning", total=rounds)
        for number in range(1, rounds + 1):
            started, losses = time.monotonic(), []
            alarming = _alarming(ordinary, tokenizer, probabilities) if number > 1 or further else list(ordinary)
            hard, rest = alarming[: drawn // 2], alarming[drawn // 2 :]
            varied = _varied(training, [*hard, *chance.sample(rest, drawn - len(hard))], chance)
            batches = list(_batches(varied, tokenizer, chance))
            for done, batch in enumerate(batches):
                losses.append(float(step(*batch)))
                progress.update(task, completed=number - 1 + done / len(batches))
            learnt = [variable.numpy() for variable in variables]
            for mean, variable in zip(means, variables, strict=True):
                variable.assign(mean)
            console.print(f"round {number}: loss {np.mean(losses):.3f}, {time.monotonic() - started:.0f} s")
            if watch:
                _report(watch, lambda text: probabilities(*_padded([tokenizer.encode(text).ids])).numpy()[0])
            _write(model, target, messages.digest(training))
            for value, variable in zip(learnt, variables, strict=True):
                variable.assign(value)
    console.print(f"[green]✓[/] {target}")


def _alarming(
    ordinary: Sequence[messages.Labelled], tokenizer: Tokenizer, probabilities: Callable[..., tf.Tensor]
) -> list[messages.Labelled]:
    """The ordinary messages, the one first that sounds most like danger."""
    rows = [(tokenizer.encode(" ".join(english(each.text, spelling()))).ids, each) for each in ordinary]
    rows.sort(key=lambda row: len(row[0]))
    danger: list[float] = []
    for start in range(0, len(rows), 4 * BATCH):
        found = probabilities(*_padded([ids for ids, _ in rows[start : start + 4 * BATCH]])).numpy()
        danger.extend(found[:, : len(Danger)].sum(axis=1))
    order = np.argsort(-np.array(danger))
    return [rows[place][1] for place in order]


def _varied(
    training: Sequence[messages.Labelled], ordinary: Sequence[messages.Labelled], chance: random.Random
) -> Iterator[messages.Labelled]:
    """Each message once as it is and once changed: misspelt, or before or after another, so that danger is heard anywhere.

    Only what is no crisis is set beside another message; then the other's labels hold for both.
    """
    calm = [each for each in (*training, *ordinary) if not each.is_crisis and not each.is_unsure]
    yield from training
    yield from ordinary
    for each in training:
        draw = chance.random()
        if draw < 0.5:
            other = chance.choice(calm).text
            first, second = (other, each.text) if chance.random() < 0.7 else (each.text, other)
            yield messages.Labelled(each.labels, f"{first} {second}")
        else:
            yield messages.Labelled(each.labels, _misspelt(each.text, chance))


def _misspelt(text: str, chance: random.Random) -> str:
    letters = list(text)
    for _ in range(max(1, len(letters) // 25)):
        place = chance.randrange(len(letters))
        draw = chance.random()
        if draw < 0.4:
            letters[place] = ""
        elif draw < 0.7 and place + 1 < len(letters):
            letters[place], letters[place + 1] = letters[place + 1], letters[place]
        else:
            letters[place] = letters[place] * 2
    return "".join(letters)


def _batches(
    examples: Iterator[messages.Labelled], tokenizer: Tokenizer, chance: random.Random
) -> Iterator[tuple[np.ndarray, np.ndarray, np.ndarray]]:
    """Messages of about the same length together."""
    rows = [(tokenizer.encode(" ".join(english(each.text, spelling()))).ids, _target(each)) for each in examples]
    rows.sort(key=lambda row: len(row[0]) + chance.random() * 8)
    groups = [rows[start : start + BATCH] for start in range(0, len(rows), BATCH)]
    chance.shuffle(groups)
    for group in groups:
        ids, mask = _padded([ids for ids, _ in group])
        yield ids, mask, np.array([truth for _, truth in group], dtype=np.float32)


def _padded(rows: list[list[int]]) -> tuple[np.ndarray, np.ndarray]:
    longest = max(len(row) for row in rows)
    ids, mask = np.zeros((len(rows), longest), dtype=np.int32), np.zeros((len(rows), longest), dtype=np.float32)
    for place, row in enumerate(rows):
        ids[place, : len(row)] = row
        mask[place, : len(row)] = 1.0
    return ids, mask


def _target(each: messages.Labelled) -> np.ndarray:
    """One for each class that is right."""
    return np.array([name in each.classes for name in classifier.CLASSES], dtype=np.float32)


def _report(watch: Sequence[messages.Labelled], probabilities) -> None:
    rows = np.array([probabilities(" ".join(english(each.text, spelling()))) for each in watch])
    danger = rows[:, : len(Danger)].sum(axis=1)
    crisis = np.array([each.is_crisis for each in watch])
    calm = np.array([not each.is_crisis and not each.is_unsure for each in watch])
    told = []
    for share in (0.01, 0.03, 0.06):
        threshold = np.quantile(danger[calm], 1 - share)
        told.append(f"{share:.0%} false alarms: {(danger[crisis] >= threshold).mean():.3f} heard (at {threshold:.2f})")
    console.print("  " + "; ".join(told))


def _write(model: _Tuned, target: Path, digest: str) -> None:
    arrays = {f"{name}.down": value.numpy() for name, value in model.down.items()}
    arrays |= {f"{name}.up": value.numpy() * SCALE for name, value in model.up.items()}
    arrays = {name: value.astype(np.float16) for name, value in arrays.items()}
    arrays |= {"head": model.head.numpy(), "bias": model.bias.numpy(), "digest": np.array(digest)}
    np.savez_compressed(target, **arrays)


def main() -> None:
    parser = argparse.ArgumentParser(description=re.split(r"\n\n", __doc__ or "")[0])
    parser.add_argument("reader", choices=list(READERS), help="Which of the two readers learns.")
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    parser.add_argument(
        "--rate", type=float, default=RATE, help="How far it moves at the beginning.  [default: %(default)s]"
    )
    parser.add_argument("--further", action="store_true", help="Learn on from what the file holds, after small changes.")
    options = parser.parse_args()
    target, seed = READERS[options.reader]
    training, ordinary = messages.read(messages.TRAINING), messages.ordinary()
    further = target if options.further else None
    watch = messages.read(messages.CALIBRATION)
    tune(
        training,
        target,
        seed=seed,
        rate=options.rate,
        rounds=options.rounds,
        ordinary=ordinary,
        watch=watch,
        further=further,
    )


if __name__ == "__main__":
    main()
