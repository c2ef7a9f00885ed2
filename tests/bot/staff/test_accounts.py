"""An account is opened once, by whom an administrator invited, and is never deleted. On SQLite and on PostgreSQL."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import pyotp
import pytest
import sqlalchemy as sa
from argon2 import PasswordHasher

from bot.staff.audit import Audit
from bot.staff.model import (
    CodeRefused,
    InvitationRefused,
    MemberNotFound,
    NotAllowed,
    PasswordRefused,
    Role,
    SessionEnded,
    SignInRefused,
    StaffError,
)
from bot.staff.sessions import Sessions
from bot.staff.tables import invitations, recovery_codes, staff
from tests.bot.staff.conftest import PASSWORD, opened

JO = ("jo@council.example", "Jo Bell", Role.PA, "nottinghamshire")


@pytest.fixture
def admin(accounts, clock):
    return opened(accounts, clock, "ada@council.example", Role.ADMIN)


def code_for(accounts, token, clock):
    return pyotp.TOTP(accounts.invitation(token).secret).at(clock())


def everything(database, *tables):
    with database.read() as connection:
        return repr([connection.execute(sa.select(table)).all() for table in tables])


def test_an_invitation_says_for_whom_it_is_and_what_to_set_up(accounts):
    token = accounts.invite(" Jo@Council.Example ", " Jo  Bell ", Role.PA, "nottinghamshire", None)
    invitation = accounts.invitation(token)
    assert (invitation.email, invitation.name, invitation.role, invitation.authority) == JO
    assert pyotp.parse_uri(invitation.uri).secret == invitation.secret
    assert invitation.qr_code.startswith("data:image/svg+xml")
    assert invitation.secret not in repr(invitation)


def test_an_accepted_invitation_is_an_account(accounts, clock):
    token = accounts.invite(*JO, None)
    member, codes = accounts.accept(token, PASSWORD, code_for(accounts, token, clock))
    assert (member.email, member.name, member.role, member.authority) == JO
    assert (member.is_active, member.is_away) == (True, False)
    assert accounts.member(member.id) == accounts.with_email("JO@council.example") == member
    assert len(codes) == 10


def test_neither_the_password_nor_a_recovery_code_nor_the_link_is_kept(accounts, clock, database):
    token = accounts.invite(*JO, None)
    _, codes = accounts.accept(token, PASSWORD, code_for(accounts, token, clock))
    kept = everything(database, staff, invitations, recovery_codes)
    assert "jo@council.example" in kept
    for secret in (token, PASSWORD, *codes, *(code.replace("-", "") for code in codes)):
        assert secret not in kept


def test_an_invitation_needs_an_address(accounts):
    for wrong in ("", "jo", "jo@", "jo@council", "Jo <jo@council.example>", f"{'j' * 64}@council.example.org"):
        with pytest.raises(InvitationRefused):
            accounts.invite(wrong, *JO[1:], None)


def test_an_invitation_needs_a_name(accounts):
    for wrong in ("", "  ", "J" * 81, "Jo\x00Bell", "Jo\u202eBell"):
        with pytest.raises(InvitationRefused, match="name"):
            accounts.invite(JO[0], wrong, *JO[2:], None)


def test_the_duty_desk_and_advisers_belong_to_one_council_and_administrators_to_all(accounts):
    for role in (Role.DUTY, Role.PA):
        with pytest.raises(InvitationRefused, match="one council"):
            accounts.invite(*JO[:2], role, None, None)
    with pytest.raises(InvitationRefused, match="all councils"):
        accounts.invite(*JO[:2], Role.ADMIN, "nottinghamshire", None)


def test_an_editor_belongs_to_one_council_or_to_all(accounts):
    for authority in (None, "nottinghamshire"):
        token = accounts.invite(*JO[:2], Role.EDITOR, authority, None)
        assert accounts.invitation(token).authority == authority


def test_nobody_is_invited_twice(accounts, sam):
    with pytest.raises(InvitationRefused, match="account already"):
        accounts.invite("Sam.Lee@council.example", "Sam", Role.ADMIN, None, None)


def test_only_an_open_invitation_opens_an_account(accounts, clock):
    first = accounts.invite(*JO, None)
    code = code_for(accounts, first, clock)
    second = accounts.invite(*JO, None)
    refusals = set()
    for token in (first, "unknown", "", "\ud83e"):
        with pytest.raises(InvitationRefused) as refused:
            accounts.invitation(token)
        refusals.add(str(refused.value))
        with pytest.raises(InvitationRefused) as refused:
            accounts.accept(token, PASSWORD, code)
        refusals.add(str(refused.value))
    assert len(refusals) == 1
    assert accounts.invitation(second).name == "Jo Bell"


def test_an_invitation_holds_for_seven_days(accounts, clock):
    token = accounts.invite(*JO, None)
    clock.turn(days=7, seconds=-1)
    assert accounts.invitation(token).name == "Jo Bell"
    clock.turn(seconds=1)
    with pytest.raises(InvitationRefused):
        accounts.invitation(token)


def test_an_invitation_opens_one_account(accounts, clock):
    token = accounts.invite(*JO, None)
    code = code_for(accounts, token, clock)
    accounts.accept(token, PASSWORD, code)
    with pytest.raises(InvitationRefused):
        accounts.invitation(token)
    with pytest.raises(InvitationRefused):
        accounts.accept(token, PASSWORD, code)


def test_an_invitation_that_is_withdrawn_while_it_is_accepted_opens_nothing(accounts, clock, monkeypatch):
    token = accounts.invite(*JO, None)
    code = code_for(accounts, token, clock)
    hash = PasswordHasher.hash
    monkeypatch.setattr(PasswordHasher, "hash", lambda *given: accounts.invite(*JO, None) and hash(*given))
    with pytest.raises(InvitationRefused):
        accounts.accept(token, PASSWORD, code)
    assert accounts.members() == []


def test_an_invitation_that_slipped_in_beside_an_account_does_not_replace_it(accounts, database, clock):
    token = accounts.invite(*JO, None)
    code = code_for(accounts, token, clock)
    member, codes = accounts.accept(token, PASSWORD, code)
    with database.write() as connection:
        connection.execute(sa.update(invitations).values(used_at=None))
    with pytest.raises(InvitationRefused):
        accounts.accept(token, "another good password", code)
    assert accounts.sign_in(member.email, PASSWORD, codes[0])[0] == member


def test_two_who_accept_one_invitation_at_once_open_one_account(accounts, clock, database):
    token = accounts.invite(*JO, None)
    code = code_for(accounts, token, clock)
    together = threading.Barrier(4)

    def accept(_):
        together.wait()
        try:
            return accounts.accept(token, PASSWORD, code)
        except InvitationRefused:
            return None

    with ThreadPoolExecutor(4) as threads:
        opened_ones = [made for made in threads.map(accept, range(4)) if made]
    assert len(opened_ones) == 1
    assert [member.email for member in accounts.members()] == ["jo@council.example"]
    with database.read() as connection:
        assert connection.execute(sa.select(sa.func.count()).select_from(recovery_codes)).scalar() == 10


def test_a_wrong_code_or_a_weak_password_leaves_the_invitation_open(accounts, clock):
    token = accounts.invite(*JO, None)
    code = code_for(accounts, token, clock)
    with pytest.raises(CodeRefused):
        accounts.accept(token, PASSWORD, "000000" if code != "000000" else "111111")
    with pytest.raises(PasswordRefused):
        accounts.accept(token, "too short", code)
    assert accounts.members() == []
    accounts.accept(token, PASSWORD, code)


def test_the_code_that_opened_an_account_does_not_sign_in_too(accounts, clock):
    token = accounts.invite(*JO, None)
    code = code_for(accounts, token, clock)
    accounts.accept(token, PASSWORD, code)
    with pytest.raises(SignInRefused):
        accounts.sign_in(JO[0], PASSWORD, code)


def test_only_an_administrator_looks_after_accounts(accounts, clock, sam):
    for role in (Role.DUTY, Role.PA, Role.EDITOR):
        other = opened(accounts, clock, f"{role.value}@council.example", role, "nottinghamshire").member
        with pytest.raises(NotAllowed):
            accounts.invite("max@council.example", "Max", Role.EDITOR, None, other)
        with pytest.raises(NotAllowed):
            accounts.switch_off(sam.id, other)
        with pytest.raises(NotAllowed):
            accounts.switch_on(sam.id, other)
    assert accounts.member(sam.id).is_active


def test_an_administrator_who_was_switched_off_looks_after_nothing(accounts, admin, sam):
    accounts.switch_off(admin.id, None)
    with pytest.raises(NotAllowed):
        accounts.switch_off(sam.id, accounts.member(admin.id))


def test_nobody_switches_off_their_own_account(accounts, admin):
    with pytest.raises(NotAllowed, match="Somebody else"):
        accounts.switch_off(admin.id, admin.member)
    assert accounts.member(admin.id).is_active


def test_who_is_switched_off_is_signed_out_and_kept_out_until_switched_on(accounts, admin, sam, database, clock):
    _, token = accounts.sign_in(sam.email, PASSWORD, sam.code())
    accounts.switch_off(sam.id, admin.member)
    assert not accounts.member(sam.id).is_active
    with pytest.raises(SignInRefused):
        accounts.sign_in(sam.email, PASSWORD, sam.code())
    accounts.switch_on(sam.id, admin.member)
    with pytest.raises(SessionEnded):
        Sessions(database, clock=clock).member(token)
    assert accounts.sign_in(sam.email, PASSWORD, sam.code())[0] == sam.member


def test_switching_off_withdraws_the_invitation_to_the_same_address(accounts, sam):
    accounts.switch_off(sam.id, None)
    token = accounts.invite(sam.email, "Sam", Role.EDITOR, None, None)
    accounts.switch_off(sam.id, None)
    with pytest.raises(InvitationRefused):
        accounts.invitation(token)


def test_an_account_that_was_off_is_opened_anew_under_its_id(accounts, clock, sam):
    accounts.set_away(sam.id, True)
    accounts.switch_off(sam.id, None)
    again = opened(accounts, clock, sam.email, Role.EDITOR)
    assert again.id == sam.id
    assert accounts.member(sam.id) == again.member
    assert (again.member.role, again.member.authority, again.member.is_away) == (Role.EDITOR, None, False)
    for old in (sam.code(), sam.recovery_codes[0]):
        with pytest.raises(SignInRefused):
            accounts.sign_in(sam.email, PASSWORD, old)
    accounts.sign_in(sam.email, PASSWORD, again.recovery_codes[0])


def test_members_are_listed_by_name_and_by_team_and_stay_when_they_are_off(accounts, clock, sam, admin):
    opened(accounts, clock, "jo@council.example", Role.PA, "nottinghamshire")
    accounts.switch_off(sam.id, None)
    assert [member.email.partition("@")[0] for member in accounts.members()] == ["ada", "jo", "sam.lee"]
    assert [member.is_active for member in accounts.members("nottingham-city")] == [False]


def test_somebody_is_away_until_they_are_back(accounts, sam):
    accounts.set_away(sam.id, True)
    assert accounts.member(sam.id).is_away
    accounts.set_away(sam.id, False)
    assert not accounts.member(sam.id).is_away


def test_an_account_that_is_not_there_is_not_found(accounts, sam):
    for act in (
        lambda: accounts.member(99),
        lambda: accounts.with_email("nobody@council.example"),
        lambda: accounts.set_away(99, True),
        lambda: accounts.switch_off(99, None),
        lambda: accounts.switch_on(99, None),
    ):
        with pytest.raises(MemberNotFound):
            act()


def test_who_looks_after_accounts_is_recorded(accounts, database, clock, admin):
    token = accounts.invite(*JO, admin.member)
    jo, _ = accounts.accept(token, PASSWORD, code_for(accounts, token, clock))
    accounts.switch_off(jo.id, admin.member)
    accounts.switch_on(jo.id, None)
    rows = Audit(database).search(subject="jo@council.example")
    assert [(row.what, row.member, row.authority, row.detail) for row in reversed(rows)] == [
        ("invited", admin.id, "nottinghamshire", "pa"),
        ("accepted", jo.id, "nottinghamshire", None),
        ("switched off", admin.id, "nottinghamshire", None),
        ("switched on", None, "nottinghamshire", None),
    ]
    assert {row.at for row in rows} == {clock()}


def test_what_is_refused_is_neither_done_nor_recorded(accounts, database, admin, sam):
    before = Audit(database).search()
    for act in (
        lambda: accounts.invite(sam.email, "Sam", Role.ADMIN, None, admin.member),
        lambda: accounts.switch_off(admin.id, admin.member),
        lambda: accounts.switch_off(99, admin.member),
        lambda: accounts.accept("unknown", PASSWORD, "123456"),
    ):
        with pytest.raises(StaffError):
            act()
    assert Audit(database).search() == before


def test_who_is_away_or_signed_out_everywhere_is_in_the_audit(accounts, sam, database):
    accounts.set_away(sam.id, True)
    accounts.set_away(sam.id, False)
    accounts.end_sessions(sam.id, None)
    whats = [row.what for row in Audit(database).search(subject=sam.email, most=3)]
    assert whats == ["signed out everywhere", "back", "away"]
