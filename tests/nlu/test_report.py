"""The figures of an evaluation: what counts as right, offered and wrong, and how far sure is from right."""

from __future__ import annotations

import pytest

from nlu.messages import Labelled
from nlu.report import Report, Understood

ENTRIES = ("council-tax", "mentoring")


def row(labels: str, best: str, sure: float = 1.0, *, intent: str = "ask_entry", near: tuple[str, ...] = ()) -> Understood:
    entries = (best,) if intent == "ask_entry" else ()
    message = Labelled(frozenset(labels.split(",")), "text")
    return Understood(message, intent, entries, near, ((best, sure), ("other", 1 - sure)), 0.002)


def test_a_right_answer_a_wrong_one_and_a_right_choice_are_told_apart():
    figures = Report.of(
        [
            row("council-tax", "council-tax"),
            row("council-tax,mentoring", "mentoring"),
            row("mentoring", "council-tax"),
            row("mentoring", "council-tax", intent="ask_which", near=("council-tax", "mentoring")),
        ],
        ENTRIES,
    ).figures
    assert figures["answered_right"] == 0.5
    assert figures["right_or_offered"] == 0.75
    assert figures["wrong_answer"] == 0.25


def test_a_vague_message_is_no_question_even_where_an_entry_would_do():
    figures = Report.of(
        [row("vague_money,council-tax", "vague_money", intent="ask_topic"), row("thank", "thank")], ENTRIES
    ).figures
    assert figures["asks_back"] == 1
    assert figures["answered_right"] == 0


def test_what_is_held_is_held_whatever_reason_is_given():
    held = [row("abuse", "out_of_scope", intent="out_of_scope"), row("out_of_scope", "council-tax")]
    assert Report.of(held, ENTRIES).figures["held"] == 0.5


def test_the_calibration_error_is_the_distance_between_sure_and_right():
    rows = [row("council-tax", "council-tax", 0.75), row("mentoring", "council-tax", 0.75)]
    assert Report.of(rows, ENTRIES).figures["calibration_error"] == pytest.approx(0.25)


def test_the_surest_mistake_comes_first_and_confusions_are_counted():
    rows = [row("mentoring", "council-tax", 0.6), row("mentoring", "council-tax", 0.9), row("thank", "thank")]
    report = Report.of(rows, ENTRIES)
    assert [each.best[1] for each in report.worst] == [0.9, 0.6]
    assert report.confusions == (("mentoring", "council-tax", 2),)


def test_a_figure_below_its_floor_or_above_its_ceiling_is_named():
    report = Report.of([row("mentoring", "council-tax"), row("mentoring", "mentoring")], ENTRIES)
    worse = report.below({"answered_right": 0.6, "wrong_answer": 0.4, "held": 0.0})
    assert [sentence.split(" is ")[0] for sentence in worse] == ["answered_right", "wrong_answer"]
