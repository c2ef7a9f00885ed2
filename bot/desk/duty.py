"""What staff do with a case. Each act is one transaction: the case, the chat, its log and the audit change together."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta, timezone

import sqlalchemy as sa
from sqlalchemy.engine import Connection, Row

from bot.conversations import case_log
from bot.conversations import escalations as rows
from bot.conversations.handoff import Handoff
from bot.conversations.model import Author, Draft, Escalation, Holder, Message, Status, Way
from bot.conversations.rows import add_message
from bot.conversations.tables import conversations, escalation_notes, escalations, messages
from bot.conversations.targets import clock_words
from bot.conversations.text import storable
from bot.desk import moves
from bot.desk.cases import read_row
from bot.desk.model import ActRefused, CaseNotFound, Outcome
from bot.desk.rights import AT_THE_DESK
from bot.staff.audit import Audit
from bot.staff.model import Member, Role
from bot.staff.tables import staff
from content.database import Database

logger = logging.getLogger(__name__)
LONGEST_REPLY, LONGEST_NOTE = 5_000, 10_000
SHORTEST_SNOOZE, LONGEST_SNOOZE = timedelta(minutes=5), timedelta(days=30)
Clock = Callable[[], datetime]


@dataclass
class Act:
    """A case while something is done with it, and what the person is told of that."""

    connection: Connection
    member: Member
    row: Row
    escalation: Escalation
    told: list[Message] = field(default_factory=list)
    is_repeat: bool = False
    """Whether it was done before, so that there is nothing to record."""
    is_handing: bool = False
    """Whether somebody else is to take the case now, and must be told."""

    @property
    def chat_with(self) -> Holder | None:
        """Who answers in the chat; None when the person deleted it."""
        return Holder(self.row.chat_with) if self.row.chat_with else None

    def change(self, **values: object) -> None:
        rows.change(self.connection, self.escalation.id, **values)
        self.escalation = rows.by_id(self.connection, self.escalation.id)

    def hold(self, holder: Holder) -> None:
        """Who answers in the chat from now on; what waited for the assistant is theirs."""
        chat = self.escalation.conversation_id
        self.connection.execute(sa.update(conversations).where(conversations.c.id == chat).values(holder=holder.value))
        self.connection.execute(
            sa.update(messages)
            .where(messages.c.conversation_id == chat, messages.c.answered_at.is_(None))
            .values(answered_at=datetime.now(timezone.utc))
        )

    def tell(self, draft: Draft) -> None:
        """Say something in the chat, if it is still there."""
        chat = self.escalation.conversation_id
        if chat is not None:
            self.told.append(add_message(self.connection, chat, Author.ASSISTANT, draft, None))


class Duty:
    """The acts. Each raises CaseNotFound for a case that the member may not see, and ActRefused with a sentence."""

    def __init__(
        self,
        database: Database,
        handoff: Handoff,
        audit: Audit,
        *,
        due: rows.Due,
        clock: Clock | None = None,
        announce: rows.Announce | None = None,
    ) -> None:
        """`due` is until when the person should have a word: from the urgency, the council and the moment they wrote.

        `announce` alerts whom a case was handed over to, and may fail: the case is handed over all the same.
        """
        self._database, self._handoff, self._audit, self._announce = database, handoff, audit, announce
        self._due = due
        self._clock = clock or (lambda: datetime.now(timezone.utc))

    def opened(self, member: Member, reference: str) -> None:
        """Record that somebody looks at a case."""
        with self._act(member, reference, "saw"):
            pass

    def take(self, member: Member, reference: str, *, over: bool = False) -> Act:
        """Have the case from now on; `over` takes it from the colleague who has it."""
        with self._act(member, reference, case_log.TAKEN_OVER if over else case_log.TAKEN) as act:
            there = act.escalation
            self._must_not_be_closed(there)
            if there.status is not Status.OPEN and there.holder_id != member.id and not over:
                raise ActRefused(f"{act.row.holder_name or 'A colleague'} has this case. You can take it over.")
            if there.status is Status.TAKEN and there.holder_id == member.id:
                act.is_repeat = True
                return act
            now = self._clock()
            act.change(status=Status.TAKEN.value, holder_id=member.id, taken_at=now, snoozed_until=None)
            if act.chat_with is not None and there.way is Way.CHAT:
                act.hold(Holder.STAFF)
            self._introduce(act, there.way)
            return act

    def reply(self, member: Member, reference: str, text: str, client_message_id: str) -> Act:
        """Write to the person. The same `client_message_id` again changes nothing."""
        with self._act(member, reference, case_log.REPLIED) as act:
            text = storable(text)
            if len(text) > LONGEST_REPLY:
                raise ActRefused(f"A reply can have up to {LONGEST_REPLY:,} characters. Please send it in parts.")
            self._must_have(act)
            chat = act.escalation.conversation_id
            if chat is None:
                raise ActRefused("The person has deleted this chat. Use the contact details, if they gave any.")
            id = f"staff:{member.id}:{client_message_id}"
            known = sa.select(messages.c.id).where(messages.c.conversation_id == chat, messages.c.client_message_id == id)
            if act.connection.execute(known).first():
                act.is_repeat = True
                return act
            if act.chat_with is not Holder.STAFF:
                act.hold(Holder.STAFF)
                # However they wanted an answer, a person answers in the chat from now on.
                self._introduce(act, Way.CHAT)
            draft: Draft = {"kind": "said", "text": text, "name": _first_name(member)}
            made = add_message(act.connection, chat, Author.STAFF, draft, None, client_message_id=id)
            act.told.append(made)
            back = {"status": Status.TAKEN.value, "snoozed_until": None}
            act.change(replied_at=act.escalation.replied_at or self._clock(), **back)
            act.connection.execute(
                sa.update(conversations).where(conversations.c.id == chat).values(seen_by_staff=made.id, last_at=made.at)
            )
            return act

    def hand(self, member: Member, reference: str, to: int | None) -> Act:
        """Hand the case to a colleague, who is to take it, or with None back to the whole team; they are alerted."""
        with self._act(member, reference, case_log.HANDED_OVER) as act:
            act.is_handing = True
            self._must_have(act)
            colleague = self._colleague(act, to) if to is not None else None
            act.change(
                status=Status.OPEN.value,
                holder_id=to,
                pa_id=to if colleague and colleague.role == Role.PA.value else act.escalation.pa_id,
                taken_at=None,
                snoozed_until=None,
            )
            if act.chat_with is Holder.STAFF:
                act.hold(Holder.WAITING)
                act.tell(self._handoff.passed_to_another(act.escalation))
            return act

    def snooze(self, member: Member, reference: str, until: datetime) -> Act:
        """Put the case off; it comes back at that moment, or when the person writes."""
        with self._act(member, reference, case_log.PUT_OFF) as act:
            self._must_have(act)
            now = self._clock()
            if not SHORTEST_SNOOZE <= until - now <= LONGEST_SNOOZE:
                raise ActRefused("A case can be put off for five minutes to thirty days.")
            act.change(status=Status.SNOOZED.value, snoozed_until=until)
            if act.chat_with in (Holder.STAFF, Holder.WAITING):
                act.tell(self._handoff.put_off(act.escalation, _first_name(member), clock_words(until, now)))
            return act

    def give_back(self, member: Member, reference: str) -> Act:
        """Let the assistant answer in the chat again; the case stays with whoever has it."""
        with self._act(member, reference, case_log.GIVEN_BACK) as act:
            self._must_have(act)
            if act.chat_with not in (Holder.STAFF, Holder.WAITING):
                raise ActRefused("The assistant answers in this chat already.")
            act.hold(Holder.BOT)
            act.tell(self._handoff.given_back(act.escalation, _first_name(member)))
            return act

    def settle(self, member: Member, reference: str, *, read: int | None = None) -> Act:
        """Say that the person needs no other answer, so that nobody is told that they wait for one.

        `read` is the last message that the member was shown: who has not read all is refused.
        """
        with self._act(member, reference, case_log.SETTLED) as act:
            self._must_have(act)
            self._must_have_read(act, read)
            return act

    def close(self, member: Member, reference: str, outcome: Outcome, *, read: int | None = None) -> Act:
        """End the case; the assistant answers in the chat again. `read` is as for `settle`."""
        with self._act(member, reference, case_log.CLOSED, detail=outcome.value) as act:
            self._must_have(act)
            self._must_have_read(act, read)
            act.change(status=Status.CLOSED.value, closed_at=self._clock(), outcome=outcome.value, snoozed_until=None)
            if act.chat_with in (Holder.STAFF, Holder.WAITING):
                act.hold(Holder.BOT)
                act.tell(self._handoff.closed(act.escalation, _first_name(member)))
            return act

    def reopen(self, member: Member, reference: str) -> Act:
        """Have a closed case again. The assistant goes on answering until the member writes."""
        with self._act(member, reference, case_log.REOPENED) as act:
            there = act.escalation
            if there.status is not Status.CLOSED:
                raise ActRefused("This case is not closed.")
            if there.conversation_id and rows.of_conversation(act.connection, there.conversation_id):
                raise ActRefused("There is a newer case for this chat. Please use that one.")
            act.change(status=Status.TAKEN.value, holder_id=member.id, taken_at=self._clock(), closed_at=None, outcome=None)
            return act

    def note(self, member: Member, reference: str, text: str) -> Act:
        """Keep a private note. It is in no table that anything a person can reach reads from."""
        with self._act(member, reference, case_log.NOTED) as act:
            text = storable(text)
            if len(text) > LONGEST_NOTE:
                raise ActRefused(f"A note can have up to {LONGEST_NOTE:,} characters.")
            if act.escalation.conversation_id is None:
                raise ActRefused("The person has deleted this chat, so nothing more about it is kept.")
            act.connection.execute(
                sa.insert(escalation_notes).values(
                    escalation_id=act.escalation.id,
                    conversation_id=act.escalation.conversation_id,
                    staff_id=member.id,
                    at=self._clock(),
                    text=text,
                )
            )
            return act

    def exported(self, member: Member) -> None:
        with self._database.write() as connection:
            self._audit.record(connection, "cases exported", member=member.id, authority=member.authority)

    def move(self) -> tuple[list[int], list[Message]]:
        """What changes by itself, by now: the ids of the cases, and what was said in their chats."""
        now = self._clock()
        moved, told = moves.move(self._database, self._handoff, now, self._alert)
        silent, said = moves.tell_of_silences(self._database, self._handoff, now, self._alert, self._due)
        return [*moved, *silent], [*told, *said]

    @contextmanager
    def _act(self, member: Member, reference: str, what: str, *, detail: str | None = None) -> Iterator[Act]:
        with self._database.write() as connection:
            case = sa.select(escalations.c.conversation_id).where(escalations.c.reference == reference)
            rows.lock_conversation(connection, connection.execute(case).scalar())
            connection.execute(case.with_for_update())
            row = read_row(connection, member, escalations.c.reference == reference)
            if row is None:
                raise CaseNotFound("There is no such case, or it is not one of yours.")
            there = rows.escalation_of(row)
            act = Act(connection, member, row, there)
            yield act
            if act.is_repeat:
                return
            if what != "saw":
                case_log.add(connection, there.id, what, staff_id=member.id, detail=detail, at=self._clock())
            self._audit.record(
                connection, f"case {what}", member=member.id, subject=reference, authority=there.authority, detail=detail
            )
            if act.is_handing:
                self._alert(connection, there.id)

    def _alert(self, connection: Connection, escalation_id: int) -> None:
        if self._announce is None:
            return
        try:
            with connection.begin_nested():
                self._announce(connection, escalation_id)
        except Exception as error:
            # The watch tells them when it looks next.
            logger.error("Escalation %s was handed over, and nobody alerted: %s.", escalation_id, type(error).__name__)

    def _introduce(self, act: Act, way: Way) -> None:
        """Tell the person who is here. Whoever stands in for their adviser is of the team."""
        act.tell(self._handoff.taken(replace(act.escalation, way=way), _first_name(act.member)))

    @staticmethod
    def _must_not_be_closed(escalation: Escalation) -> None:
        if escalation.status is Status.CLOSED:
            raise ActRefused("This case is closed. You can open it again.")

    def _must_have(self, act: Act) -> None:
        self._must_not_be_closed(act.escalation)
        if act.escalation.holder_id != act.member.id or act.escalation.status is Status.OPEN:
            raise ActRefused("Take this case first, so that everybody sees who has it.")

    @staticmethod
    def _must_have_read(act: Act, read: int | None) -> None:
        if read is None:
            return
        newer = sa.select(messages.c.id).where(
            messages.c.conversation_id == act.escalation.conversation_id,
            messages.c.author == Author.PERSON.value,
            messages.c.id > read,
        )
        if act.connection.execute(newer).first():
            raise ActRefused("They wrote something that you have not read yet. Please read it first.")

    @staticmethod
    def _colleague(act: Act, to: int) -> Row:
        if to == act.member.id:
            raise ActRefused("To have this case yourself, take it.")
        row = act.connection.execute(sa.select(staff).where(staff.c.id == to, staff.c.is_active)).first()
        council = act.escalation.authority
        if row is None or Role(row.role) not in AT_THE_DESK or (council and row.authority not in (council, None)):
            raise ActRefused("This case cannot be handed to them.")
        if row.is_away:
            raise ActRefused(f"{row.name} is away. Please choose somebody else.")
        return row


def _first_name(member: Member) -> str:
    """What the person is told: a first name, as staff would give it on the phone."""
    return member.name.split()[0]
