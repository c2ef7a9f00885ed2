"""When an office is open: days and times of a week in England, without its bank holidays."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, time
from functools import cache
from typing import Any
from zoneinfo import ZoneInfo

import holidays

ENGLISH_TIME = ZoneInfo("Europe/London")
DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")


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
class OpeningHours:
    """The periods of a week in which an office is open."""

    periods: Sequence[Period] = ()

    def is_open(self, at: datetime) -> bool:
        """Whether it is open at a moment, which carries its time zone. On a bank holiday of England it is not."""
        here = at.astimezone(ENGLISH_TIME)
        if here.date() in _bank_holidays():
            return False
        return any(here.weekday() in each.days and each.opens <= here.time() < each.closes for each in self.periods)


@cache
def _bank_holidays() -> holidays.HolidayBase:
    return holidays.country_holidays("GB", subdiv="ENG")
