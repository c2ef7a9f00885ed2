"""An office is open at its hours, English time, and closed on the bank holidays of England and the days it names."""

from __future__ import annotations

from datetime import date, datetime, timedelta, timezone

import pytest

from content.hours import Closure, OpeningHours, Period
from content.model import Authority
from content.seed import bodies_of, schema_faults

WEEK = OpeningHours(
    (Period.from_document({"days": ["monday", "friday"], "from": "08:30", "to": "12:00"}),
     Period.from_document({"days": ["monday"], "from": "13:00", "to": "16:50"}))
)  # fmt: skip


@pytest.mark.parametrize(
    ("at", "is_open"),
    [
        ("2026-11-23T08:29", False),
        ("2026-11-23T08:30", True),
        ("2026-11-23T12:00", False),
        ("2026-11-23T13:00", True),
        ("2026-11-23T16:50", False),
        ("2026-11-24T10:00", False),
        ("2026-11-27T10:00", True),
    ],
)
def test_a_period_holds_its_opening_and_not_its_closing_minute(at, is_open):
    assert WEEK.is_open(datetime.fromisoformat(at).replace(tzinfo=timezone.utc)) is is_open


def test_the_hours_are_english_time_in_summer():
    assert WEEK.is_open(datetime(2026, 7, 6, 7, 45, tzinfo=timezone.utc))
    assert not WEEK.is_open(datetime(2026, 7, 6, 16, 0, tzinfo=timezone.utc))


def test_it_is_closed_on_a_bank_holiday():
    assert not WEEK.is_open(datetime(2026, 5, 4, 10, 0, tzinfo=timezone.utc))
    assert WEEK.is_open(datetime(2026, 5, 11, 10, 0, tzinfo=timezone.utc))


WEEKDAYS = ["monday", "tuesday", "wednesday", "thursday", "friday"]
OFFICE = OpeningHours(
    (Period.from_document({"days": WEEKDAYS, "from": "09:00", "to": "17:00"}),),
    (Closure.from_document({"from": "2026-12-24", "to": "2026-12-31"}), Closure.from_document({"on": "2026-11-25"})),
)
NIGHT_CREW = OpeningHours((Period.from_document({"days": ["saturday", "sunday"], "from": "00:00", "to": "06:00"}),))


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=timezone.utc)


@pytest.mark.parametrize(
    ("at", "is_open"),
    [
        ("2026-11-24T10:00", True),
        ("2026-11-25T10:00", False),
        ("2026-11-26T10:00", True),
        ("2026-12-23T10:00", True),
        ("2026-12-24T10:00", False),
        ("2026-12-31T16:59", False),
        ("2027-01-04T10:00", True),
    ],
)
def test_it_is_closed_on_the_first_and_the_last_day_of_a_closure_and_between(at, is_open):
    assert OFFICE.is_open(utc(at)) is is_open


def test_a_plain_date_closes_that_day():
    closed = OpeningHours(OFFICE.periods, (date(2026, 11, 24),))
    assert not closed.is_open(utc("2026-11-24T10:00"))
    assert closed.is_open(utc("2026-11-25T10:00"))


@pytest.mark.parametrize(
    ("at", "opens"),
    [
        ("2026-11-23T10:00:30", "2026-11-23T10:00:30"),
        ("2026-11-23T08:59", "2026-11-23T09:00"),
        ("2026-11-23T17:00", "2026-11-24T09:00"),
        ("2026-11-24T17:00", "2026-11-26T09:00"),
        ("2026-11-27T17:00", "2026-11-30T09:00"),
        ("2026-12-23T17:00", "2027-01-04T09:00"),
        ("2027-03-25T17:00", "2027-03-30T08:00"),
        ("2026-10-23T16:00", "2026-10-26T09:00"),
    ],
)
def test_it_next_opens_after_weekends_bank_holidays_and_closures_at_the_english_hour(at, opens):
    assert OFFICE.next_opening(utc(at)) == utc(opens)


def test_between_two_periods_of_a_day_it_opens_again_that_day():
    assert WEEK.next_opening(utc("2026-11-23T12:00")) == utc("2026-11-23T13:00")


def test_the_moment_may_be_of_any_time_zone_and_is_answered_in_utc():
    new_york = datetime.fromisoformat("2026-11-23T02:00:00-05:00")
    opens = OFFICE.next_opening(new_york)
    assert (opens, opens.tzinfo) == (utc("2026-11-23T09:00"), timezone.utc)
    assert OFFICE.after(new_york, timedelta(hours=1)) == utc("2026-11-23T10:00")


@pytest.mark.parametrize(
    "hours",
    [
        OpeningHours(),
        OpeningHours(OFFICE.periods, (Closure(date(2026, 11, 1), date(2027, 2, 28)),)),
        OpeningHours((Period.from_document({"days": WEEKDAYS, "from": "17:00", "to": "09:00"}),)),
    ],
)
def test_an_office_that_does_not_open_in_sixty_days_has_no_next_opening_and_no_end_of_work(hours):
    assert not hours.is_open(utc("2026-11-23T10:00"))
    assert hours.next_opening(utc("2026-11-23T10:00")) is None
    assert hours.after(utc("2026-11-23T10:00"), timedelta(minutes=1)) is None


@pytest.mark.parametrize(
    ("at", "hours", "done"),
    [
        ("2026-11-23T10:00", 2, "2026-11-23T12:00"),
        ("2026-11-23T07:00", 2, "2026-11-23T11:00"),
        ("2026-11-23T16:00", 1, "2026-11-23T17:00"),
        ("2026-11-23T16:30", 1, "2026-11-24T09:30"),
        ("2026-11-24T16:00", 4, "2026-11-26T12:00"),
        ("2026-11-27T16:00", 2, "2026-11-30T10:00"),
        ("2026-11-23T20:00", 8, "2026-11-24T17:00"),
        ("2026-12-23T16:00", 4, "2027-01-04T12:00"),
        ("2027-03-25T16:00", 2, "2027-03-30T09:00"),
        ("2026-10-23T15:00", 2, "2026-10-26T10:00"),
        ("2026-11-30T09:00", 80, "2026-12-11T17:00"),
    ],
)
def test_work_is_counted_in_open_time_alone(at, hours, done):
    assert OFFICE.after(utc(at), timedelta(hours=hours)) == utc(done)


def test_a_break_in_the_day_is_no_working_time():
    assert WEEK.after(utc("2026-11-23T11:30"), timedelta(hours=1)) == utc("2026-11-23T13:30")


def test_no_work_is_done_as_soon_as_it_is_open():
    assert OFFICE.after(utc("2026-11-23T10:00"), timedelta(0)) == utc("2026-11-23T10:00")
    assert OFFICE.after(utc("2026-11-23T18:00"), timedelta(0)) == utc("2026-11-24T09:00")


def test_periods_that_overlap_count_once():
    double = OpeningHours(
        (Period.from_document({"days": ["monday"], "from": "10:00", "to": "16:00"}),
         Period.from_document({"days": ["monday"], "from": "09:00", "to": "17:00"}),
         Period.from_document({"days": ["monday"], "from": "12:00", "to": "18:00"}))
    )  # fmt: skip
    assert double.after(utc("2026-11-23T09:30"), timedelta(hours=8, minutes=30)) == utc("2026-11-23T18:00")


def test_a_night_in_which_clocks_change_has_the_hours_that_really_pass():
    assert NIGHT_CREW.after(utc("2026-10-24T23:00"), timedelta(hours=7)) == utc("2026-10-25T06:00")
    assert NIGHT_CREW.after(utc("2027-03-28T00:00"), timedelta(hours=5)) == utc("2027-03-28T05:00")
    assert NIGHT_CREW.after(utc("2027-03-28T00:00"), timedelta(hours=5, minutes=1)) == utc("2027-04-02T23:01")


@pytest.mark.parametrize("at", ["2026-10-22T08:30", "2026-12-22T12:10", "2027-03-24T16:50", "2026-11-23T09:00"])
def test_the_open_time_between_a_moment_and_the_end_of_work_is_the_work(at):
    minutes = [utc(at) + timedelta(minutes=minute) for minute in range(16 * 24 * 60)]
    done = OFFICE.after(minutes[0], timedelta(hours=13, minutes=7))
    assert sum(OFFICE.is_open(minute) for minute in minutes if minute < done) == 13 * 60 + 7


def test_an_authority_names_its_closures_beside_its_hours():
    document = bodies_of("authority")["nottingham-city"]
    closures = [{"from": "2026-12-24", "to": "2026-12-31"}, {"on": "2026-11-25"}]
    document = {**document, "urgent": {**document["urgent"], "closures": closures}}
    assert list(schema_faults("authority", document)) == []
    hours = Authority.from_document("nottingham-city", document).urgent.hours
    assert not hours.is_open(utc("2026-11-25T10:00"))
    assert not hours.is_open(utc("2026-12-29T10:00"))
    assert hours.is_open(utc("2026-11-26T10:00"))


@pytest.mark.parametrize(
    "closure",
    [{"on": "2026-02-29"}, {"on": "24 December"}, {"from": "2026-12-24"}, {"on": "2026-12-24", "to": "2026-12-31"}, {}],
)
def test_a_closure_that_cannot_be_read_is_refused(closure):
    document = bodies_of("authority")["nottingham-city"]
    document = {**document, "urgent": {**document["urgent"], "closures": [closure]}}
    assert list(schema_faults("authority", document))
