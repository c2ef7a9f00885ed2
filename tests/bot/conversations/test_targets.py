"""When somebody is to have answered is counted in working hours, and told as people say it."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta, timezone

import pytest

from bot.conversations.model import TARGETS, Escalation, Status, Urgency, Way
from bot.conversations.targets import Targets, clock_words
from content.hours import OpeningHours, Period
from content.library import Shelf

CITY, COUNTY = "nottingham-city", "nottinghamshire"
WEEKDAYS = ["monday", "tuesday", "wednesday", "thursday", "friday"]
NEVER = OpeningHours()


def hours(opens: str, closes: str, days: list[str] = WEEKDAYS) -> OpeningHours:
    return OpeningHours((Period.from_document({"days": days, "from": opens, "to": closes}),))


class Books:
    """The published content, with the working hours of a test."""

    def __init__(self, shelf: Shelf, city: OpeningHours, county: OpeningHours) -> None:
        changed = dict(shelf.authorities)
        for id, each in ((CITY, city), (COUNTY, county)):
            changed[id] = replace(changed[id], urgent=replace(changed[id].urgent, hours=each))
        self.shelf = replace(shelf, authorities=changed)


@pytest.fixture
def targets(shelf) -> Targets:
    """The city's team works from nine to five on weekdays; the county's from ten to noon, on Saturdays too."""
    return Targets(Books(shelf, hours("09:00", "17:00"), hours("10:00", "12:00", [*WEEKDAYS, "saturday"])))


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=timezone.utc)


def a_case(**values: object) -> Escalation:
    case = Escalation(
        id=1, reference="K7PX2C", conversation_id="one", authority=CITY, reason="asked", urgency=Urgency.ROUTINE,
        status=Status.OPEN, opened_at=utc("2026-11-23T10:00"), due_at=utc("2026-11-23T14:00"),
    )  # fmt: skip
    return replace(case, **values)


# until when


@pytest.mark.parametrize(
    ("urgency", "opened", "due"),
    [
        (Urgency.ROUTINE, "2026-11-23T10:00", "2026-11-23T14:00"),
        (Urgency.ROUTINE, "2026-11-23T15:00", "2026-11-24T11:00"),
        (Urgency.ROUTINE, "2026-11-27T16:30", "2026-11-30T12:30"),
        (Urgency.ROUTINE, "2026-12-24T16:00", "2026-12-29T12:00"),
        (Urgency.URGENT, "2026-11-23T10:00", "2026-11-23T10:30"),
        (Urgency.URGENT, "2026-11-22T23:00", "2026-11-23T09:30"),
        (Urgency.EMERGENCY, "2026-11-23T10:00", "2026-11-23T10:05"),
        (Urgency.ROUTINE, "2026-07-06T08:00", "2026-07-06T12:00"),
    ],
)
def test_only_the_councils_working_hours_count(targets, urgency, opened, due):
    assert targets.due(urgency, CITY, utc(opened)) == utc(due)


@pytest.mark.parametrize(
    ("opened", "due"),
    [
        ("2026-11-23T08:00", "2026-11-23T09:30"),
        ("2026-11-28T11:00", "2026-11-28T11:30"),
        ("2026-11-28T11:45", "2026-11-30T09:30"),
    ],
)
@pytest.mark.parametrize("council", [None, "atlantis"])
def test_of_an_unknown_council_the_first_team_that_can_answers(targets, opened, due, council):
    assert targets.due(Urgency.URGENT, council, utc(opened)) == utc(due)


def test_where_no_hours_are_known_every_hour_counts(shelf):
    opened = utc("2026-11-28T23:00")
    closed = Targets(Books(shelf, NEVER, NEVER))
    for urgency, working in TARGETS.items():
        for council in (CITY, None):
            assert closed.due(urgency, council, opened) == opened + working


def test_the_targets_are_those_that_are_set(shelf):
    books = Books(shelf, hours("09:00", "17:00"), NEVER)
    targets = Targets(books, {**TARGETS, Urgency.ROUTINE: timedelta(hours=9)})
    assert targets.due(Urgency.ROUTINE, CITY, utc("2026-11-23T09:00")) == utc("2026-11-24T10:00")


# what is told


def test_the_person_is_told_to_whom_it_went_the_reference_and_when_to_expect_an_answer(targets, shelf):
    team = shelf.phrases("handoff_to_team", council="Nottingham City")
    assert targets.told(a_case(), utc("2026-11-23T10:00")).split("\n\n") == [
        shelf.phrases("handoff_sent", to=team, reference="K7PX2C"),
        shelf.phrases("handoff_expect", due="2pm today"),
        shelf.phrases("handoff_sent_chat"),
    ]


@pytest.mark.parametrize("way", [Way.CALL, Way.TEXT, Way.EMAIL])
def test_who_is_not_answered_in_the_chat_is_told_that_the_assistant_goes_on(targets, shelf, way):
    told = targets.told(a_case(way=way), utc("2026-11-23T10:00"))
    assert shelf.phrases("handoff_sent_other") in told
    assert shelf.phrases("handoff_sent_chat") not in told


@pytest.mark.parametrize("way", Way)
def test_whoever_is_passed_on_is_told_what_to_do_in_danger(targets, way):
    assert "call 999" in targets.told(a_case(way=way), utc("2026-11-23T10:00"))


@pytest.mark.parametrize(
    ("case", "to"),
    [
        (a_case(pa_id=3, holder_id=3), "handoff_to_pa"),
        (a_case(authority=None), "handoff_to_duty"),
        (a_case(authority="atlantis"), "handoff_to_duty"),
    ],
)
def test_an_adviser_is_called_the_persons_own_and_without_a_known_council_it_is_a_team(targets, shelf, case, to):
    sent = shelf.phrases("handoff_sent", to=shelf.phrases(to), reference="K7PX2C")
    assert targets.told(case, utc("2026-11-23T10:00")).startswith(f"{sent}\n\n")


@pytest.mark.parametrize(("at", "day"), [("2026-11-23T17:00", "tomorrow"), ("2026-11-24T08:59", "today")])
def test_out_of_hours_the_person_is_told_when_they_open_and_whom_to_call_meanwhile(targets, shelf, at, day):
    _, when, _ = targets.told(a_case(due_at=utc("2026-11-24T13:00")), utc(at)).split("\n\n")
    assert when.startswith(shelf.phrases("handoff_closed", opens=f"9am {day}", due=f"1pm {day}"))
    assert "Nottingham City Emergency Duty Team: 0115 876 1000" in when


def test_without_a_known_council_one_open_team_is_enough_and_all_emergency_teams_are_named(targets, shelf):
    case = a_case(authority=None, due_at=utc("2026-11-30T09:30"))
    open_ = targets.told(replace(case, due_at=utc("2026-11-28T11:30")), utc("2026-11-28T11:00"))
    assert shelf.phrases("handoff_expect", due="11.30am today") in open_
    closed = targets.told(case, utc("2026-11-28T12:00"))
    assert shelf.phrases("handoff_closed", opens="9am on Monday", due="9.30am on Monday") in closed
    for team in ("Nottingham City Emergency Duty Team: 0115 876 1000", "Nottinghamshire Emergency Duty Team: 0300 456 4546"):
        assert team in closed
        assert team not in open_


def test_where_no_hours_are_known_nobody_is_called_closed(shelf):
    closed = Targets(Books(shelf, NEVER, NEVER))
    assert shelf.phrases("handoff_expect", due="2pm today") in closed.told(a_case(), utc("2026-11-23T03:00"))


@pytest.mark.parametrize(
    ("at", "phrase", "values"),
    [
        ("2026-11-25T10:00", "handoff_expect", {"due": "2pm today"}),
        ("2026-11-25T20:00", "handoff_closed", {"opens": "9am tomorrow", "due": "1pm tomorrow"}),
    ],
)
def test_a_time_that_is_over_is_never_told_as_the_time_to_expect_an_answer(targets, shelf, at, phrase, values):
    assert shelf.phrases(phrase, **values) in targets.told(a_case(), utc(at))


# times in words


@pytest.mark.parametrize(
    ("moment", "words"),
    [
        ("2026-11-23T14:40", "2.40pm today"),
        ("2026-11-23T12:00", "12pm today"),
        ("2026-11-23T12:05:59", "12.05pm today"),
        ("2026-11-23T00:00", "12am today"),
        ("2026-11-23T00:30", "12.30am today"),
        ("2026-11-23T23:59", "11.59pm today"),
        ("2026-11-24T00:00", "12am tomorrow"),
        ("2026-11-24T09:00", "9am tomorrow"),
        ("2026-11-25T09:00", "9am on Wednesday"),
        ("2026-11-29T17:00", "5pm on Sunday"),
        ("2026-11-30T09:00", "9am on Monday 30 November"),
        ("2027-01-04T09:00", "9am on Monday 4 January"),
    ],
)
def test_a_moment_is_told_as_people_say_it(moment, words):
    assert clock_words(utc(moment), utc("2026-11-23T10:00")) == words


def test_moments_are_told_in_english_time_also_over_a_change_of_the_clocks():
    assert clock_words(utc("2026-07-06T13:40"), utc("2026-07-06T08:00")) == "2.40pm today"
    assert clock_words(utc("2026-07-06T23:30"), utc("2026-07-06T22:30")) == "12.30am tomorrow"
    assert clock_words(utc("2026-10-25T09:00"), utc("2026-10-24T22:59")) == "9am tomorrow"
    assert clock_words(utc("2026-10-26T09:00"), utc("2026-10-24T23:00")) == "9am tomorrow"


def test_what_an_adviser_left_is_with_the_team(targets, shelf):
    assert shelf.phrases("handoff_to_pa") not in targets.told(a_case(pa_id=3), utc("2026-11-23T10:00"))
