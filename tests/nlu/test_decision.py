"""A clear guess is answered, a close one is offered, an unclear one is asked about."""

from __future__ import annotations

import numpy as np

from nlu.decision import (
    ASK_ENTRY,
    ASK_TOPIC,
    ASK_WHICH,
    NOT_UNDERSTOOD,
    Decision,
    Guess,
    Thresholds,
    combine,
    decide,
    pooled,
)

THRESHOLDS = Thresholds(answer=0.6, offer=0.4, talk=0.5, held=0.3)
ENTRIES = frozenset(("mentoring", "befriending", "council-tax"))


def decision(words: int = 5, **probabilities: float) -> Decision:
    guesses = [Guess(name.replace("_tax", "-tax"), value) for name, value in probabilities.items()]
    return decide(sorted(guesses, key=lambda guess: -guess.probability), ENTRIES, THRESHOLDS, words=words)


def test_a_clear_entry_is_answered():
    clear = decision(mentoring=0.7, befriending=0.1, greet=0.1)
    assert clear.intent == ASK_ENTRY
    assert [guess.name for guess in clear.entries] == ["mentoring"]


def test_a_close_call_is_offered():
    close = decision(mentoring=0.45, befriending=0.4, greet=0.1)
    assert close.intent == ASK_WHICH
    assert [guess.name for guess in close.near] == ["mentoring", "befriending"]


def test_talk_is_talk():
    assert decision(greet=0.8, mentoring=0.1).intent == "greet"


def test_a_vague_message_names_its_topic():
    vague = decision(vague_money=0.8, mentoring=0.1)
    assert (vague.intent, vague.topic) == (ASK_TOPIC, "money")
    assert decision(vague_help=0.8, mentoring=0.1).topic is None


def test_what_nobody_answers_is_held_sooner_than_talk_is_believed():
    assert decision(out_of_scope=0.35, mentoring=0.1).intent == "out_of_scope"


def test_where_nobody_can_answer_on_a_subject_of_ours_the_nearest_entries_are_offered_however_unlikely():
    own_case = decision(own_case_status=0.97, mentoring=0.02, befriending=0.0005)
    assert [guess.name for guess in own_case.near] == ["mentoring"]
    assert decision(out_of_scope=0.97, mentoring=0.02, befriending=0.0005).near == ()


def test_an_unclear_message_is_not_understood():
    assert decision(greet=0.3, mentoring=0.1, befriending=0.1).intent == NOT_UNDERSTOOD


def test_two_clear_questions_are_both_asked_in_their_order():
    whole = decision(mentoring=0.5, council_tax=0.4)
    parts = [decision(council_tax=0.7, greet=0.1), decision(mentoring=0.9, greet=0.05)]
    both = combine(whole, parts)
    assert [guess.name for guess in both.entries] == ["council-tax", "mentoring"]


def test_a_circumstance_that_sounds_like_a_question_is_not_answered_unless_it_is_very_clear_or_the_whole_points_to_it():
    def asked(sure: float, *, in_the_whole: float) -> list[str]:
        whole = decision(mentoring=0.9, befriending=in_the_whole)
        parts = [decision(befriending=sure, greet=0.02), decision(mentoring=0.8, greet=0.1)]
        return [guess.name for guess in combine(whole, parts).entries]

    assert asked(0.8, in_the_whole=0.01) == ["mentoring"]
    assert asked(0.95, in_the_whole=0.01) == ["befriending", "mentoring"]
    assert asked(0.8, in_the_whole=0.05) == ["befriending", "mentoring"]


def test_a_greeting_before_a_question_does_not_hide_it():
    whole = decision(greet=0.7, mentoring=0.2)
    both = combine(whole, [decision(greet=0.9, mentoring=0.05), decision(mentoring=0.9, greet=0.05)])
    assert both.intent == ASK_ENTRY


def test_stop_wins_over_everything_beside_it():
    stop = Decision("stop", 0.9, near=(Guess("mentoring", 0.05),))
    assert combine(stop, [decision(mentoring=0.9, greet=0.05)]).intent == "stop"


def test_a_single_word_names_a_subject_however_sure_the_guess_is():
    rent = decision(words=1, mentoring=0.95, befriending=0.02)
    assert rent.intent == ASK_WHICH
    assert rent.near[0].name == "mentoring"


def test_a_doubt_between_things_that_nobody_answers_is_no_doubt():
    classes = ("abuse", "council-tax", "out_of_scope", "vague_home", "vague_money")
    rows = pooled(np.array([[0.25, 0.4, 0.3, 0.02, 0.03]]), classes)
    assert np.allclose(rows, [[0.0, 0.4, 0.55, 0.0, 0.05]])


def test_questions_beyond_the_third_are_counted_not_lost():
    whole = decision(mentoring=0.5, council_tax=0.4)
    many = [Decision(ASK_ENTRY, 0.9, entries=(Guess(name, 0.9),)) for name in ("a", "b", "c", "d", "e")]
    both = combine(whole, many)
    assert (len(both.entries), both.left_over) == (3, 2)


def test_thresholds_rise_where_the_likeliest_is_often_wrong():
    classes = ("council-tax", "greet", "mentoring")
    labels = [{"mentoring"}] * 40
    sure = np.tile([0.05, 0.05, 0.9], (40, 1))
    wrong = np.tile([0.6, 0.1, 0.3], (20, 1))
    trusting = Thresholds.fit(sure, classes, labels, ENTRIES)
    careful = Thresholds.fit(np.vstack([sure, wrong]), classes, labels + [{"mentoring"}] * 20, ENTRIES)
    assert trusting.answer <= 0.9
    assert 0.6 < careful.answer <= 0.9
