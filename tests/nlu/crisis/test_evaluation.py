"""The screen hears what it heard before: no figure on the validation messages is worse than its recorded floor."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from nlu.crisis import messages
from nlu.crisis.classifier import Classifier
from nlu.crisis.evaluation import FLOORS, Played, below_floor, figures, play, show
from nlu.crisis.messages import Labelled
from nlu.crisis.screen import QUIET, CrisisScreen, Heard, Level


@pytest.fixture(scope="module", params=list(messages.VALIDATION))
def found(request: pytest.FixtureRequest, models: Path) -> tuple[str, dict[str, float]]:
    """A set of messages by its name, and the figures on it."""
    screen = CrisisScreen(Classifier.open(models))
    return request.param, figures(play(screen, messages.read(messages.VALIDATION[request.param])))


def test_no_figure_is_worse_than_its_floor(found):
    assert below_floor(*found) == []


def test_a_worse_figure_is_told_in_a_sentence(found):
    name, known = found
    told = below_floor(name, {**known, "crisis_recall": 0.5, "false_alarm": 0.5})
    assert [sentence.split()[0] for sentence in told] == ["crisis_recall", "false_alarm"]


def test_every_floor_is_a_figure(found):
    name, known = found
    assert set(json.loads(FLOORS.read_text())[name]) <= set(known)


@pytest.mark.parametrize(("name", "least"), [("typical", 0.45), ("hidden", 0.2)])
def test_without_the_classifier_the_phrases_still_hear_and_hardly_cry_wolf(name: str, least: float):
    alone = figures(play(CrisisScreen(), messages.read(messages.VALIDATION[name])))
    assert alone["crisis_recall"] > least
    assert alone["false_alarm"] <= 0.02


def test_the_figures_count_what_brought_the_numbers(capsys: pytest.CaptureFixture):
    rows = [
        Played(Labelled(("suicide",), "a"), Heard(Level.CRISIS), 0.001),
        Played(Labelled(("abuse",), "b"), Heard(Level.CONCERN), 0.001),
        Played(Labelled(("figure",), "c"), Heard(Level.UNSURE), 0.001),
        Played(Labelled(("ordinary",), "d"), QUIET, 0.001),
        Played(Labelled(("unsure",), "e"), Heard(Level.CONCERN), 0.001),
    ]
    found = figures(rows)
    assert (found["crisis_recall"], found["acute_recall"], found["unsure_asked"]) == (0.5, 1.0, 1.0)
    assert (found["lookalike_false_alarm"], found["false_alarm"], found["precision"]) == (1.0, 0.0, 0.5)
    show(rows)
    assert "Not heard: 1" in capsys.readouterr().out
