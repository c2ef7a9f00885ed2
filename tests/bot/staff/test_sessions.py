"""A session ends when it is left alone, when it is long, and with the account. On SQLite and on PostgreSQL."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
import sqlalchemy as sa

from bot.staff.model import MemberNotFound, Role, SessionEnded
from bot.staff.sessions import MOST, Sessions, end_all
from bot.staff.tables import sessions as table
from bot.staff.tables import staff
from content.database import utc
from tests.bot.staff.conftest import opened

HOUR = timedelta(hours=1)


@pytest.fixture
def sessions(database, clock):
    return Sessions(database, clock=clock)


@pytest.fixture
def token(sessions, sam):
    return sessions.begin(sam.id)


def used_at(database):
    with database.read() as connection:
        return utc(connection.execute(sa.select(table.c.used_at)).scalar())


def still(sessions, *tokens):
    return [sessions.still(token) is not None for token in tokens]


def test_only_the_token_is_the_session(sessions, sam, token):
    assert sessions.member(token) == sam.member
    for wrong in ("", token[:-1], token.swapcase(), "\ud83e"):
        assert sessions.still(wrong) is None
        with pytest.raises(SessionEnded):
            sessions.member(wrong)


def test_the_token_itself_is_not_kept(token, database):
    with database.read() as connection:
        assert token not in repr(connection.execute(sa.select(table)).all())


def test_a_session_that_is_left_alone_for_two_hours_is_over(sessions, clock, token):
    clock.turn(hours=2, seconds=-1)
    assert still(sessions, token) == [True]
    clock.turn(seconds=1)
    assert still(sessions, token) == [False]
    with pytest.raises(SessionEnded):
        sessions.member(token)


def test_use_keeps_a_session_but_for_twelve_hours_at_most(sessions, clock, token):
    for _ in range(11):
        clock.turn(hours=1)
        sessions.member(token)
    clock.turn(hours=1, seconds=-1)
    sessions.member(token)
    clock.turn(seconds=1)
    assert still(sessions, token) == [False]


def test_what_a_page_does_by_itself_is_no_use(sessions, clock, token):
    clock.turn(hours=1)
    assert sessions.member(token, is_use=False) == sessions.still(token)
    clock.turn(hours=1)
    assert still(sessions, token) == [False]


def test_use_is_written_at_most_once_a_minute(sessions, clock, token, database):
    began = clock()
    clock.turn(seconds=59)
    sessions.member(token)
    assert used_at(database) == began
    clock.turn(seconds=1)
    sessions.member(token)
    assert used_at(database) == clock()


def test_a_session_gives_the_account_as_it_is_now(accounts, sessions, sam, token):
    accounts.set_away(sam.id, True)
    assert sessions.member(token).is_away


def test_signing_out_ends_one_session(sessions, sam, token):
    other = sessions.begin(sam.id)
    sessions.end(token)
    sessions.end(token)
    assert still(sessions, token, other) == [False, True]


def test_all_sessions_of_one_member_end_but_the_one_that_is_kept(database, accounts, sessions, clock, sam, token):
    jo = opened(accounts, clock, "jo@council.example", Role.EDITOR)
    kept, of_another = sessions.begin(sam.id), sessions.begin(jo.id)
    with database.write() as connection:
        end_all(connection, sam.id, except_token=kept)
    assert still(sessions, token, kept, of_another) == [False, True, True]
    with database.write() as connection:
        end_all(connection, sam.id)
    assert still(sessions, kept, of_another) == [False, True]


def test_the_eleventh_session_ends_the_oldest(accounts, sessions, clock, sam, token):
    of_another = sessions.begin(opened(accounts, clock, "jo@council.example", Role.EDITOR).id)
    others = []
    for _ in range(MOST):
        clock.turn(seconds=1)
        others.append(sessions.begin(sam.id))
    assert still(sessions, token, *others, of_another) == [False, *[True] * MOST, True]


def test_those_that_begin_at_once_are_not_more_than_ten(sessions, sam, database):
    for _ in range(MOST - 1):
        sessions.begin(sam.id)
    with ThreadPoolExecutor(6) as threads:
        list(threads.map(lambda _: sessions.begin(sam.id), range(6)))
    with database.read() as connection:
        assert connection.execute(sa.select(sa.func.count()).select_from(table)).scalar() == MOST


def test_nobody_begins_a_session_without_an_account_that_is_on(accounts, sessions, sam):
    accounts.switch_off(sam.id, None)
    for id in (sam.id, 99):
        with pytest.raises(MemberNotFound):
            sessions.begin(id)


def test_a_session_ends_the_moment_its_account_is_off(sessions, sam, token, database):
    with database.write() as connection:
        connection.execute(sa.update(staff).values(is_active=False))
    assert still(sessions, token) == [False]


@pytest.mark.parametrize(("idle", "longest"), [(2 * HOUR, 12 * HOUR), (12 * HOUR, 2 * HOUR)])
def test_clearing_leaves_those_that_go_on(database, clock, sam, idle, longest):
    sessions = Sessions(database, idle=idle, longest=longest, clock=clock)
    over = sessions.begin(sam.id)
    clock.turn(hours=2)
    goes_on = sessions.begin(sam.id)
    sessions.clear()
    with database.read() as connection:
        assert connection.execute(sa.select(sa.func.count()).select_from(table)).scalar() == 1
    assert still(sessions, over, goes_on) == [False, True]
