"""A personal adviser's link opens one chat, for one person, and can be withdrawn. On SQLite and on PostgreSQL."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
import sqlalchemy as sa

from bot.conversations.store import ConversationStore
from bot.staff.audit import Audit
from bot.staff.model import InvitationRefused, Member, NotAllowed, Role
from bot.staff.personal import LONGEST_LABEL, PersonalInvitations
from bot.staff.tables import personal_invitations, staff
from content.database import Database


@pytest.fixture
def links(database: Database) -> PersonalInvitations:
    return PersonalInvitations(database, Audit(database))


@pytest.fixture
def adviser(database: Database) -> Member:
    return a_member(database, "pat@example.org", Role.PA)


def a_member(database: Database, email: str, role: Role) -> Member:
    row = {"email": email, "name": "Pat Poe", "role": role.value, "authority": "nottinghamshire"}
    with database.write() as connection:
        made = connection.execute(sa.insert(staff).values(**row, password_hash="", totp_secret="", made_at=sa.func.now()))
    return Member(made.inserted_primary_key[0], email, "Pat Poe", role, "nottinghamshire", True, False)


def begin(database: Database, links: PersonalInvitations, token: str) -> int | None:
    """Open a chat with a link; the adviser's id."""
    conversation, _, _ = ConversationStore(database).start(
        channel="test",
        authority=None,
        language="en",
        opening=[],
        invited=lambda connection, id: links.use(connection, token, id),
    )
    return conversation.pa_id


def test_a_chat_opened_with_the_link_belongs_to_the_adviser(database, links, adviser):
    assert begin(database, links, links.make(adviser, "J.")) == adviser.id


def test_a_link_opens_one_chat_and_the_refused_one_is_not_begun(database, links, adviser):
    token = links.make(adviser, "J.")
    begin(database, links, token)
    with pytest.raises(InvitationRefused, match="has been used"):
        begin(database, links, token)
    with database.read() as connection:
        assert connection.execute(sa.text("SELECT count(*) FROM conversations")).scalar() == 1


def test_two_who_open_the_link_at_once_get_one_chat(database, links, adviser):
    token = links.make(adviser, "J.")

    def opened(_: int) -> bool:
        try:
            return begin(database, links, token) is not None
        except InvitationRefused:
            return False

    with ThreadPoolExecutor(6) as threads:
        assert sorted(threads.map(opened, range(6))) == [False] * 5 + [True]


def test_a_withdrawn_link_opens_nothing_and_a_used_one_cannot_be_withdrawn(database, links, adviser):
    used, withdrawn = links.make(adviser, "used"), links.make(adviser, "withdrawn")
    begin(database, links, used)
    for each in links.of(adviser):
        links.withdraw(adviser, each.id)
    with pytest.raises(InvitationRefused):
        begin(database, links, withdrawn)
    assert {each.label: each.withdrawn_at is None for each in links.of(adviser)} == {"used": True, "withdrawn": False}


def test_nobody_withdraws_a_colleagues_link(database, links, adviser):
    token = links.make(adviser, "J.")
    links.withdraw(a_member(database, "other@example.org", Role.PA), links.of(adviser)[0].id)
    assert begin(database, links, token) == adviser.id


def test_the_link_of_an_adviser_who_has_left_opens_nothing(database, links, adviser):
    token = links.make(adviser, "J.")
    with database.write() as connection:
        connection.execute(sa.update(staff).values(is_active=False))
    with pytest.raises(InvitationRefused):
        links.council(token)


@pytest.mark.parametrize("role", [Role.DUTY, Role.EDITOR, Role.ADMIN])
def test_only_an_adviser_makes_links(database, links, role):
    with pytest.raises(NotAllowed):
        links.make(a_member(database, "else@example.org", role), "J.")


@pytest.mark.parametrize("label", ["", "   ", "x" * (LONGEST_LABEL + 1), "a\x00b"])
def test_a_link_says_whom_it_is_for(links, adviser, label):
    with pytest.raises(InvitationRefused):
        links.make(adviser, label)


def test_the_token_itself_is_not_kept(database, links, adviser):
    token = links.make(adviser, "J.")
    with database.read() as connection:
        assert token not in repr(connection.execute(sa.select(personal_invitations)).all())
