"""Limits let a burst through, then an even flow, and forget who is gone."""

from __future__ import annotations

import pytest

from bot.settings import Limits
from bot.web.limits import MOST_REMEMBERED, RateLimits, TooManyRequests


class Clock:
    now = 100.0

    def __call__(self) -> float:
        return self.now


def test_a_minutes_worth_goes_at_once_and_then_one_at_a_time():
    clock = Clock()
    limits = RateLimits(Limits(per_conversation=6), clock=clock)
    for _ in range(6):
        limits.written("one")
    with pytest.raises(TooManyRequests) as refused:
        limits.written("one")
    assert refused.value.wait == 10
    clock.now += 10
    limits.written("one")
    with pytest.raises(TooManyRequests):
        limits.written("one")


def test_one_does_not_use_up_anothers_share():
    limits = RateLimits(Limits(per_conversation=1))
    limits.written("one")
    limits.written("two")


def test_memory_is_bounded():
    limits = RateLimits(Limits())
    for number in range(MOST_REMEMBERED + 100):
        limits.called(str(number))
    assert len(limits._buckets) == MOST_REMEMBERED


def test_switched_off_everything_goes():
    limits = RateLimits(Limits(per_conversation=1, is_on=False))
    for _ in range(100):
        limits.written("one")
