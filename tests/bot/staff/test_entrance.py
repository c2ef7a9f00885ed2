"""Who has the password and a code is let in; who has not learns nothing, and soon has to wait."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
import sqlalchemy as sa
from argon2 import PasswordHasher

from bot.staff.audit import Audit
from bot.staff.model import MemberNotFound, PasswordRefused, Role, SessionEnded, SignInLocked, SignInRefused, StaffError
from bot.staff.sessions import Sessions
from bot.staff.tables import invitations, staff
from tests.bot.staff.conftest import PASSWORD, opened

STRANGER = "nobody@council.example"
OTHER_PASSWORD = "nine yellow trams"  # noqa: S105


@pytest.fixture
def sessions(database, clock):
    return Sessions(database, clock=clock)


def refusal(accounts, email, password, code):
    with pytest.raises(StaffError) as refused:
        accounts.sign_in(email, password, code)
    return type(refused.value), str(refused.value)


def fail(accounts, email, times):
    return [refusal(accounts, email, "wrong", "000000") for _ in range(times)]


def at_once(number, act):
    """What act gave or refused, called in so many threads at the same moment."""
    together = threading.Barrier(number)

    def call(_):
        together.wait()
        try:
            return act()
        except StaffError as refused:
            return refused

    with ThreadPoolExecutor(number) as threads:
        return list(threads.map(call, range(number)))


def meanwhile(monkeypatch, act):
    """Have something happen while the next password is compared."""
    verify = PasswordHasher.verify

    def late(*given):
        monkeypatch.setattr(PasswordHasher, "verify", verify)
        act()
        return verify(*given)

    monkeypatch.setattr(PasswordHasher, "verify", late)


def test_the_password_and_a_code_sign_in(accounts, sessions, sam):
    member, token = accounts.sign_in(" Sam.Lee@Council.example", PASSWORD, sam.code())
    assert member == sam.member
    assert sessions.member(token) == sam.member


def test_every_refusal_is_the_same_sentence(accounts, sam):
    refusals = {
        refusal(accounts, STRANGER, PASSWORD, sam.code()),
        refusal(accounts, sam.email, "wrong", sam.code()),
        refusal(accounts, sam.email, PASSWORD, sam.wrong_code()),
        refusal(accounts, sam.email, PASSWORD, ""),
    }
    accounts.switch_off(sam.id, None)
    refusals.add(refusal(accounts, sam.email, PASSWORD, sam.code()))
    assert refusals == {(SignInRefused, "The e-mail address, the password or the code is not right.")}


def test_whatever_is_typed_is_refused_in_the_same_way(accounts, sam):
    for odd in ("", "\x00", "\ud83e", "'; DROP TABLE staff; --", "x" * 100_000):
        assert refusal(accounts, odd, PASSWORD, "000000")[0] is SignInRefused
        assert refusal(accounts, sam.email, odd, "000000")[0] is SignInRefused
        assert refusal(accounts, sam.email, PASSWORD, odd)[0] is SignInRefused
        accounts.sign_in(sam.email, PASSWORD, sam.code())


def test_a_refusal_takes_the_same_work_with_and_without_an_account(accounts, database, sam, monkeypatch):
    work = []
    verify = PasswordHasher.verify
    monkeypatch.setattr(PasswordHasher, "verify", lambda *given: work.append("VERIFY") or verify(*given))
    sa.event.listen(database.engine, "before_cursor_execute", lambda *given: work.append(given[2].split()[0]))
    done = []
    for email, password, code in (
        (sam.email, "wrong", "000000"),
        (sam.email, PASSWORD, sam.wrong_code()),
        (STRANGER, "wrong", "000000"),
    ):
        work.clear()
        refusal(accounts, email, password, code)
        done.append([{"INSERT": "write", "UPDATE": "write", "DELETE": "write"}.get(each, each) for each in work])
    assert done[0] == done[1] == done[2]
    assert done[0].count("VERIFY") == 1
    assert done[0].count("write") == 2


def test_a_stranger_leaves_nothing_in_the_database(accounts, database):
    fail(accounts, STRANGER, 6)
    with database.read() as connection:
        assert connection.execute(sa.select(staff)).all() == []
        assert connection.execute(sa.select(invitations)).all() == []
    assert Audit(database).search() == []


def test_strangers_are_locked_as_members_are(accounts, clock, sam):
    told = {sam.email: [], STRANGER: []}
    for minutes in (0, 0.5, 0.5, 2, 3, 4):
        clock.turn(minutes=minutes)
        for email, heard in told.items():
            heard += fail(accounts, email, 6)
    assert told[sam.email] == told[STRANGER]
    assert {kind for kind, _ in told[STRANGER]} == {SignInRefused, SignInLocked}


def test_the_fifth_wrong_try_locks_for_a_minute_even_for_the_right_password(accounts, clock, sam):
    kinds = [kind for kind, _ in fail(accounts, sam.email, 5)]
    assert kinds == [SignInRefused] * 4 + [SignInLocked]
    clock.turn(seconds=29)
    with pytest.raises(SignInLocked) as locked:
        accounts.sign_in(sam.email, PASSWORD, sam.code())
    assert locked.value.wait.total_seconds() == 1
    clock.turn(seconds=1)
    assert accounts.sign_in(sam.email, PASSWORD, sam.code())[0] == sam.member


def test_each_further_wrong_try_locks_twice_as_long_up_to_an_hour(accounts, clock, sam):
    fail(accounts, sam.email, 4)
    waits = []
    for _ in range(8):
        with pytest.raises(SignInLocked) as locked:
            accounts.sign_in(sam.email, "wrong", "000000")
        waits.append(locked.value.wait.total_seconds() / 60)
        clock.turn(minutes=waits[-1])
    assert waits == [1, 2, 4, 8, 16, 32, 60, 60]


def test_signing_in_makes_the_wrong_tries_forgotten(accounts, sam):
    fail(accounts, sam.email, 4)
    accounts.sign_in(sam.email, PASSWORD, sam.code())
    assert [kind for kind, _ in fail(accounts, sam.email, 4)] == [SignInRefused] * 4


def test_a_lock_outlives_the_program(accounts, database, clock, sam):
    fail(accounts, sam.email, 5)
    assert refusal(type(accounts)(database, clock=clock), sam.email, PASSWORD, sam.code())[0] is SignInLocked


def test_switching_on_unlocks(accounts, sam):
    fail(accounts, sam.email, 5)
    accounts.switch_on(sam.id, None)
    accounts.sign_in(sam.email, PASSWORD, sam.code())


def test_many_wrong_tries_at_once_are_not_more_than_five(accounts, database, sam):
    refused = at_once(8, lambda: accounts.sign_in(sam.email, "wrong", "000000"))
    assert sorted(type(each).__name__ for each in refused) == ["SignInLocked"] * 4 + ["SignInRefused"] * 4
    with database.read() as connection:
        assert connection.execute(sa.select(staff.c.failures)).scalar() == 5


def test_what_happens_while_a_password_is_compared_counts(accounts, sam, monkeypatch):
    code = sam.code()
    meanwhile(monkeypatch, lambda: accounts.change_password(sam.member, PASSWORD, OTHER_PASSWORD, token=""))
    assert refusal(accounts, sam.email, PASSWORD, code)[0] is SignInRefused
    meanwhile(monkeypatch, lambda: accounts.change_password(sam.member, OTHER_PASSWORD, PASSWORD, token=""))
    with pytest.raises(PasswordRefused):
        accounts.change_password(sam.member, OTHER_PASSWORD, OTHER_PASSWORD, token="")
    meanwhile(monkeypatch, lambda: fail(accounts, sam.email, 3))
    with pytest.raises(SignInLocked):
        accounts.change_password(sam.member, PASSWORD, OTHER_PASSWORD, token="")
    accounts.switch_on(sam.id, None)
    meanwhile(monkeypatch, lambda: fail(accounts, sam.email, 5))
    assert refusal(accounts, sam.email, PASSWORD, code)[0] is SignInLocked


def test_a_code_is_taken_once(accounts, sam):
    code = sam.code()
    accounts.sign_in(sam.email, PASSWORD, code)
    assert refusal(accounts, sam.email, PASSWORD, code)[0] is SignInRefused
    accounts.sign_in(sam.email, PASSWORD, sam.code())


@pytest.mark.parametrize("kind", ["code", "recovery"])
def test_a_code_that_comes_twice_at_once_is_taken_once(accounts, sam, kind):
    code = {"code": sam.code(), "recovery": sam.recovery_codes[0]}[kind]
    made = at_once(3, lambda: accounts.sign_in(sam.email, PASSWORD, code))
    assert [type(each) for each in made if isinstance(each, StaffError)] == [SignInRefused] * 2


def test_a_wrong_password_uses_up_no_code(accounts, sam):
    code = sam.code()
    for unused in (code, sam.recovery_codes[0]):
        refusal(accounts, sam.email, "wrong", unused)
    accounts.sign_in(sam.email, PASSWORD, code)
    accounts.sign_in(sam.email, PASSWORD, sam.recovery_codes[0])


def test_each_recovery_code_signs_in_once(accounts, sam):
    first, second, *_ = sam.recovery_codes
    accounts.sign_in(sam.email, PASSWORD, first.lower().replace("-", " "))
    assert refusal(accounts, sam.email, PASSWORD, first)[0] is SignInRefused
    accounts.sign_in(sam.email, PASSWORD, second)


def test_a_recovery_code_is_its_owners_alone(accounts, clock, sam):
    jo = opened(accounts, clock, "jo@council.example", Role.EDITOR)
    assert refusal(accounts, sam.email, PASSWORD, jo.recovery_codes[0])[0] is SignInRefused


def test_a_hash_of_old_parameters_is_renewed_on_signing_in(accounts, database, sam):
    old = PasswordHasher(time_cost=1, memory_cost=64, parallelism=1).hash(PASSWORD)
    with database.write() as connection:
        connection.execute(sa.update(staff).values(password_hash=old))
    accounts.sign_in(sam.email, PASSWORD, sam.code())
    with database.read() as connection:
        assert "m=19456,t=2,p=1" in connection.execute(sa.select(staff.c.password_hash)).scalar()
    accounts.sign_in(sam.email, PASSWORD, sam.code())


def test_a_new_password_ends_the_other_sessions_and_the_old_password(accounts, sessions, sam):
    _, here = accounts.sign_in(sam.email, PASSWORD, sam.code())
    _, elsewhere = accounts.sign_in(sam.email, PASSWORD, sam.code())
    accounts.change_password(sam.member, PASSWORD, OTHER_PASSWORD, token=here)
    assert sessions.member(here) == sam.member
    with pytest.raises(SessionEnded):
        sessions.member(elsewhere)
    assert refusal(accounts, sam.email, PASSWORD, sam.code())[0] is SignInRefused
    accounts.sign_in(sam.email, OTHER_PASSWORD, sam.code())


@pytest.mark.parametrize(("old", "new"), [("wrong", OTHER_PASSWORD), (PASSWORD, "too short"), (PASSWORD, "sam.lee sam.lee")])
def test_a_wrong_or_a_weak_password_changes_nothing(accounts, sessions, sam, old, new):
    _, here = accounts.sign_in(sam.email, PASSWORD, sam.code())
    _, elsewhere = accounts.sign_in(sam.email, PASSWORD, sam.code())
    with pytest.raises(PasswordRefused):
        accounts.change_password(sam.member, old, new, token=here)
    assert sessions.member(elsewhere) == sam.member
    accounts.sign_in(sam.email, PASSWORD, sam.code())


def test_guessing_the_old_password_locks_too(accounts, sam):
    for _ in range(4):
        with pytest.raises(PasswordRefused):
            accounts.change_password(sam.member, "wrong", OTHER_PASSWORD, token="")
    for old in ("wrong", PASSWORD):
        with pytest.raises(SignInLocked):
            accounts.change_password(sam.member, old, OTHER_PASSWORD, token="")
    assert refusal(accounts, sam.email, PASSWORD, sam.code())[0] is SignInLocked


def test_who_is_switched_off_changes_no_password(accounts, sam):
    accounts.switch_off(sam.id, None)
    with pytest.raises(MemberNotFound):
        accounts.change_password(sam.member, PASSWORD, OTHER_PASSWORD, token="")


def test_signing_in_and_wrong_tries_are_recorded(accounts, database, sam):
    accounts.sign_in(sam.email, PASSWORD, sam.recovery_codes[0])
    _, token = accounts.sign_in(sam.email, PASSWORD, sam.code())
    accounts.change_password(sam.member, PASSWORD, OTHER_PASSWORD, token=token)
    with pytest.raises(PasswordRefused):
        accounts.change_password(sam.member, PASSWORD, OTHER_PASSWORD, token=token)
    fail(accounts, sam.email, 6)
    rows = Audit(database).search(subject=sam.email)[:-2]
    assert [(row.what, row.member, row.detail) for row in reversed(rows)] == [
        ("signed in", sam.id, "recovery code, 9 left"),
        ("signed in", sam.id, None),
        ("password changed", sam.id, None),
        ("wrong password", sam.id, None),
        *[("sign-in failed", None, None)] * 4,
        ("locked", None, "5 wrong tries in a row"),
    ]
    assert {row.authority for row in rows} == {"nottingham-city"}
