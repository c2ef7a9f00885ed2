"""Wrong tries in a row lock for longer and longer; those of strangers too, within bounds."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

import pytest

from bot.staff.lockout import Strangers, Tries
from bot.staff.model import SignInLocked, SignInRefused

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=timezone.utc)


@pytest.mark.parametrize(
    ("before", "minutes"), [(4, 1), (5, 2), (6, 4), (7, 8), (8, 16), (9, 32), (10, 60), (11, 60), (1_000_000, 60)]
)
def test_from_the_fifth_wrong_try_on_each_locks_twice_as_long_up_to_an_hour(before, minutes):
    assert Tries(before).one_more(NOW) == Tries(before + 1, NOW + timedelta(minutes=minutes))


@pytest.mark.parametrize("before", [0, 1, 2, 3])
def test_four_wrong_tries_lock_nothing(before):
    tries = Tries(before).one_more(NOW)
    assert tries == Tries(before + 1)
    assert isinstance(tries.refusal(NOW), SignInRefused)


@pytest.mark.parametrize(
    ("left", "words"),
    [
        (timedelta(seconds=1), "wait 1 minute,"),
        (timedelta(minutes=1), "wait 1 minute,"),
        (timedelta(minutes=1, seconds=1), "wait 2 minutes,"),
        (timedelta(hours=1), "wait 60 minutes,"),
    ],
)
def test_a_lock_says_only_how_long_to_wait(left, words):
    refusal = Tries(5, NOW + left).refusal(NOW)
    assert isinstance(refusal, SignInLocked)
    assert refusal.wait == left
    assert words in str(refusal)


def test_a_lock_ends_on_time():
    tries = Tries(5, NOW)
    assert tries.is_locked(NOW - timedelta(microseconds=1))
    assert not tries.is_locked(NOW)


def test_a_stranger_is_locked_like_a_member_and_not_counted_meanwhile():
    strangers = Strangers()
    made = [strangers.one_more("nobody@x.example", NOW) for _ in range(7)]
    assert made == [Tries(1), Tries(2), Tries(3), Tries(4), *[Tries(5, NOW + timedelta(minutes=1))] * 3]
    assert strangers.tries("nobody@x.example") == made[-1]
    later = NOW + timedelta(minutes=1)
    assert strangers.one_more("nobody@x.example", later) == Tries(6, later + timedelta(minutes=2))


def test_only_the_latest_strangers_are_remembered():
    strangers = Strangers(most=2)
    for address in ("a", "b", "a", "c"):
        strangers.one_more(address, NOW)
    assert [strangers.tries(address).failures for address in ("a", "b", "c")] == [2, 0, 1]
