"""When an office is open: days and times of a week in England, without its bank holidays and the days it closes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta, timezone
from functools import cache
from typing import Any
from zoneinfo import ZoneInfo

import holidays

ENGLISH_TIME = ZoneInfo("Europe/London")
DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
LOOKS_AHEAD = 60
"""Days; an office that opens later than that counts as one that does not open."""


@dataclass(frozen=True)
class Period:
    """On these days of the week (Monday is 0) from `opens` until just before `closes`, English time."""

    days: frozenset[int]
    opens: time
    closes: time

    @classmethod
    def from_document(cls, document: Mapping[str, Any]) -> Period:
        return cls(
            frozenset(map(DAYS.index, document["days"])),
            time.fromisoformat(document["from"]),
            time.fromisoformat(document["to"]),
        )


@dataclass(frozen=True)
class Closure:
    """Closed from the first date to the last, both included."""

    first: date
    last: date

    @classmethod
    def from_document(cls, document: Mapping[str, Any]) -> Closure:
        """From the dates `from` and `to`, or from a single date `on`."""
        first, last = (document["on"], document["on"]) if "on" in document else (document["from"], document["to"])
        return cls(date.fromisoformat(first), date.fromisoformat(last))

    def covers(self, day: date) -> bool:
        return self.first <= day <= self.last


@dataclass(frozen=True)
class OpeningHours:
    """The periods of a week in which an office is open, and the dates on which it is closed all the same.

    Every moment that is asked about carries its time zone.
    """

    periods: Sequence[Period] = ()
    closures: Sequence[Closure | date] = ()

    def is_open(self, at: datetime) -> bool:
        """Whether it is open at a moment. On a bank holiday of England it is not."""
        return any(opens <= at < closes for opens, closes in self._of_day(at.astimezone(ENGLISH_TIME).date()))

    def next_opening(self, at: datetime) -> datetime | None:
        """The moment itself when it is open then; None when it does not open in the next 60 days."""
        return next((opens for opens, _ in self._from(at)), None)

    def after(self, at: datetime, minutes_of_work: timedelta) -> datetime | None:
        """When it has been open for so long since a moment; None when that is more than 60 days away.

        Work that fits exactly into the hours left is done at closing time, not at the next opening.
        """
        left = minutes_of_work
        for opens, closes in self._from(at):
            if left <= closes - opens:
                return opens + left
            left -= closes - opens
        return None

    def _from(self, at: datetime) -> Iterator[tuple[datetime, datetime]]:
        """From when to when it is open, from a moment on, in order; no minute is counted twice when periods overlap."""
        reached = at.astimezone(timezone.utc)
        today = at.astimezone(ENGLISH_TIME).date()
        for days in range(LOOKS_AHEAD + 1):
            for opens, closes in self._of_day(today + timedelta(days=days)):
                if closes > reached:
                    yield max(opens, reached), closes
                    reached = closes

    def _of_day(self, day: date) -> list[tuple[datetime, datetime]]:
        """In UTC: differences of English times would forget that clocks change."""
        if day in _bank_holidays() or any(_covers(each, day) for each in self.closures):
            return []
        return sorted(
            (_utc(day, each.opens), _utc(day, each.closes))
            for each in self.periods
            if day.weekday() in each.days and each.opens < each.closes
        )


def _covers(closure: Closure | date, day: date) -> bool:
    return closure.covers(day) if isinstance(closure, Closure) else closure == day


def _utc(day: date, at: time) -> datetime:
    return datetime.combine(day, at, ENGLISH_TIME).astimezone(timezone.utc)


@cache
def _bank_holidays() -> holidays.HolidayBase:
    return holidays.country_holidays("GB", subdiv="ENG")
