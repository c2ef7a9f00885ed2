"""An office is open at its hours, English time, and closed on the bank holidays of England."""

from __future__ import annotations

from datetime import datetime, timezone

import pytest

from content.hours import OpeningHours, Period

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
