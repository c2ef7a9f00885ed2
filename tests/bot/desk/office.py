"""A duty desk over a database: its parts, the people who work at it, and the young people who come to it."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from itertools import count
from typing import Any

import pyotp
import sqlalchemy as sa

from bot.conversations.escalations import Escalations, by_id, change
from bot.conversations.handoff import Handoff
from bot.conversations.handoff_store import HandoffStore
from bot.conversations.model import ASKED, Conversation, Escalation, Message, Request, Urgency
from bot.conversations.store import ConversationStore
from bot.conversations.tables import conversations
from bot.conversations.targets import Targets
from bot.conversations.wishes import Wish
from bot.desk.cases import Cases
from bot.desk.duty import Duty
from bot.staff.accounts import Accounts
from bot.staff.audit import Audit, AuditRow
from bot.staff.model import Member, Role
from content.database import Database
from content.library import Library

CITY, COUNTY = "nottingham-city", "nottinghamshire"
PASSWORD = "seven green bicycles"  # noqa: S105


class Clock:
    """Stands still until it is turned."""

    def __init__(self) -> None:
        self.now = datetime.now(timezone.utc)

    def __call__(self) -> datetime:
        return self.now

    def turn(self, **by: float) -> None:
        self.now += timedelta(**by)


def a_member(accounts: Accounts, name: str, role: Role = Role.DUTY, authority: str | None = CITY) -> Member:
    """Somebody with an account, opened as people open theirs."""
    council = None if role is Role.ADMIN else authority
    token = accounts.invite(f"{name.replace(' ', '.').lower()}@council.example", name, role, council, None)
    member, _ = accounts.accept(token, PASSWORD, pyotp.TOTP(accounts.invitation(token).secret).now())
    return member


class Office:
    """All of the desk, with a clock for what staff do."""

    def __init__(self, database: Database, library: Library) -> None:
        self.database, self.clock, self._library = database, Clock(), library
        self.shelf = library.shelf
        self.targets = targets = Targets(library)
        self.store = ConversationStore(database)
        self.handoffs = HandoffStore(database, Escalations(targets.due))
        self.handoff = Handoff(library, targets, clock=self.clock)
        self.accounts, self.cases, self.audit = Accounts(database), Cases(database), Audit(database)
        self.duty = Duty(database, self.handoff, self.audit, due=targets.due, clock=self.clock)
        self._ids = count()

    def member(self, name: str, role: Role = Role.DUTY, authority: str | None = CITY) -> Member:
        return a_member(self.accounts, name, role, authority)

    # young people

    def chat(self, authority: str | None = CITY, *, pa: Member | None = None) -> Conversation:
        """A chat; with `pa` one that was opened by the adviser's link."""
        invited = (lambda connection, id: pa.id) if pa else None
        return self.store.start(channel="test", authority=authority, language="en", opening=[], invited=invited)[0]

    def writes(self, chat: Conversation, text: str = "hello") -> Message:
        """A message as it is stored, before anybody has looked at it."""
        return self.store.receive(chat.id, text, f"m{next(self._ids)}")

    def asks(self, chat: Conversation, **wanted: Any) -> Escalation:
        """Ask for a person; the chat's case."""
        request = Request(reason=ASKED, urgency=wanted.pop("urgency", Urgency.ROUTINE), **wanted)
        assert self.handoffs.hand_over(self.writes(chat, "a person please"), request, self.handoff.passed_on(request))
        return self.of(chat)

    def asks_the_assistant(self, chat: Conversation) -> None:
        """Let the assistant answer again while the case waits."""
        assert self.handoffs.back_to_assistant(
            self.writes(chat), lambda case: [self.handoff.turned_back(Wish.ASSISTANT, case)], withdraws=False
        )

    def cries(self, chat: Conversation) -> Escalation:
        """Be in danger; the chat's case."""
        message = self.writes(chat, "a cry for help")
        assert self.handoffs.alert(message, "suicide", lambda reference, again: [{"kind": "crisis", "text": "Call 999."}])
        return self.of(chat)

    def of(self, chat: Conversation) -> Escalation:
        case = self.handoffs.escalation(chat.id)
        assert case
        return case

    def case(self, authority: str | None = CITY, **wanted: Any) -> Escalation:
        """Somebody new who asks for a person."""
        return self.asks(self.chat(authority), **wanted)

    # what has become of it

    def now(self, case: Escalation) -> Escalation:
        with self.database.read() as connection:
            return by_id(connection, case.id)

    def set(self, case: Escalation, **values: object) -> None:
        """Change a case behind everybody's back."""
        with self.database.write() as connection:
            change(connection, case.id, **values)

    def words(self, name: str, /, **values: str) -> str:
        """A fixed sentence, as editors have it now."""
        return self._library.shelf.phrases(name, **values)

    def answers(self, case: Escalation) -> str:
        """Who answers in the chat."""
        with self.database.read() as connection:
            holder = sa.select(conversations.c.holder).where(conversations.c.id == case.conversation_id)
            return str(connection.execute(holder).scalar_one())

    def said(self, case: Escalation) -> list[Message]:
        assert case.conversation_id
        return self.store.transcript(case.conversation_id)

    def log(self, member: Member, case: Escalation) -> list[tuple[str, str | None]]:
        """What happened to the case, and who did it."""
        lines = self.cases.log(self.cases.by_id(member, case.id))
        return [(line.what, line.who) for line in lines]

    def audited(self, case: Escalation) -> list[AuditRow]:
        """What was done with the case, the first first."""
        return list(reversed(self.audit.search(subject=case.reference)))
