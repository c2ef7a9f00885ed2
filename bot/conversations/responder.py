"""Replies to a message: urgent help, a person, or the assistant's answer, and which of them when."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from bot.conversations.announcer import Announcer
from bot.conversations.crisis import CrisisHelp
from bot.conversations.engine import Engine, EngineAway
from bot.conversations.handoff import Handoff
from bot.conversations.handoff_store import HandoffStore
from bot.conversations.model import Conversation, ConversationNotFound, Draft, Holder, Message, StoreAway
from bot.conversations.open_request import OpenRequest, Run, offers_person
from bot.conversations.store import ConversationStore
from bot.conversations.translation import TranslationAway, Translator, in_english, in_their_language
from bot.conversations.turns import Turns
from content.crisis import Danger
from content.library import Library
from nlu.crisis.phrases import Answer
from nlu.crisis.screen import Heard, Level

logger = logging.getLogger(__name__)
LONG_MESSAGE = 1000
"""Characters; of a longer message the assistant says that it looked at the end."""
FORM_ASKS = frozenset(("authority", "contact", "name", "consent"))
"""What a request for a person asks for, as its replies say it."""


class Responder:
    """Gives each stored message its reply, once."""

    def __init__(
        self,
        store: ConversationStore,
        handoffs: HandoffStore,
        library: Library,
        engine: Engine,
        announcer: Announcer,
        crisis: CrisisHelp,
        handoff: Handoff,
        *,
        run: Run,
        hear: Callable[[str], Awaitable[Heard]],
        desk: Callable[[int], None],
        translator: Translator | None,
    ) -> None:
        """`desk` is told of each escalation that is new, or in which the person wrote."""
        self._store, self._handoffs, self._library = store, handoffs, library
        self._engine, self._announcer = engine, announcer
        self._crisis, self._handoff, self._translator = crisis, handoff, translator
        self._run, self._hear, self._desk = run, hear, desk
        self._open_request = OpenRequest(store, handoffs, handoff, run=run)
        self._turns = Turns()

    def waiting(self, conversation_id: str) -> int:
        """How many messages of a conversation wait for their turn."""
        return self._turns.waiting(conversation_id)

    async def reply(self, message: Message, heard: Heard, *, tells_when_away: bool = False) -> None:
        """Reply to one message if it still waits: urgent help out of turn, anything else when it is its turn.

        Raises ConversationNotFound.
        """
        if heard.is_crisis:
            await self._help(message, heard)
            return
        async with self._turns.of(message.conversation_id):
            waiting = await self._run(self._store.unanswered_until, message)
            if message.id not in [each.id for each in waiting]:
                return
            for earlier in waiting[:-1]:
                await self._catch_up(earlier)
            await self._reply_in_turn(message, heard, tells_when_away=tells_when_away)

    async def _catch_up(self, earlier: Message) -> None:
        """Answer what was written before and still waits; should that fail it goes on waiting, and holds up nothing."""
        try:
            heard = await self._hear(earlier.text)
            await (self._help(earlier, heard) if heard.is_crisis else self._reply_in_turn(earlier, heard))
        except (ConversationNotFound, StoreAway):
            raise
        except Exception:
            logger.exception("Message %s could not be answered before the one after it.", earlier.id)

    async def _reply_in_turn(self, message: Message, heard: Heard, *, tells_when_away: bool = False) -> None:
        conversation = await self._run(self._store.find, message.conversation_id)
        if conversation.holder is Holder.STAFF:
            await self._pass_on(message, heard)
            return
        await self._wake(message)
        if await self._turned_back(conversation, message) or await self._stayed(conversation, message):
            return
        if conversation.holder is Holder.WAITING:
            await self._ask_while_waiting(conversation, message, heard)
            await self._pass_on(message, heard)
        elif self._handoff.is_direct(message.text):
            await self._hand_over(conversation, message, {}, is_urgent=heard.asks)
        else:
            await self._answer(conversation, message, heard, tells_when_away=tells_when_away)

    async def _turned_back(self, conversation: Conversation, message: Message) -> bool:
        """Whether somebody whom nobody has answered yet asked for the assistant, or took their request back."""
        wish = self._handoff.wish(message.text, waits=conversation.holder is Holder.WAITING)
        if wish is None:
            return False
        escalation = await self._run(self._handoffs.escalation, conversation.id)
        if escalation is None:
            return False
        told = await self._run(
            lambda: self._handoffs.back_to_assistant(
                message, lambda case: [self._handoff.turned_back(wish, case)], withdraws=wish.withdraws
            )
        )
        self._tell(told)
        self._desk(escalation.id)
        return bool(told)

    async def _ask_while_waiting(self, conversation: Conversation, message: Message, heard: Heard) -> None:
        """The one thing that the assistant still says while somebody waits: it asks whether they are safe."""
        if heard.asks and heard.danger:
            check_in = [self._crisis.check_in(heard, conversation)]
            self._tell(await self._run(self._handoffs.ask_whether_safe, message, heard.danger.value, check_in))

    async def _pass_on(self, message: Message, heard: Heard) -> None:
        """Leave a message to the people who hold the conversation; what may be danger makes their case urgent.

        Who writes while none of them is there is told, now and then, when they will be.
        """
        passed, told = await self._run(
            lambda: self._handoffs.pass_on(message, self._handoff.kept_for_them, is_urgent=heard.asks)
        )
        self._tell(told)
        if passed:
            self._desk(passed.id)

    async def _wake(self, message: Message) -> None:
        """What the team had put off comes back to them when the person writes, though the assistant answers."""
        woken = await self._run(self._handoffs.wake, message)
        if woken:
            self._desk(woken.id)

    async def _help(self, message: Message, heard: Heard) -> None:
        """Urgent help, and an escalation; whoever holds the conversation, and whatever else is going on in it."""
        conversation = await self._run(self._store.find, message.conversation_id)
        if conversation.checking and self._crisis.answered(conversation, message.text) is Answer.UNSAFE:
            heard = replace(heard, danger=Danger(conversation.checking))
        danger = (heard.danger or Danger.SUICIDE).value
        self._tell(await self._run(self._handoffs.alert, message, danger, self._crisis.help(heard, conversation)))
        escalation = await self._run(self._handoffs.escalation, conversation.id)
        if escalation:
            self._desk(escalation.id)

    async def _stayed(self, conversation: Conversation, message: Message) -> bool:
        """Whether the message was an answer to a check-in or to urgent help, and was answered as such."""
        answer = self._crisis.answered(conversation, message.text)
        picked = self._crisis.picked(message.text)
        if answer and not picked and await self._answers_a_question(conversation, message, answer):
            return False
        if picked is Answer.UNSAFE and self._crisis.stays_with(conversation) and not conversation.checking:
            case = await self._run(self._handoffs.escalation, conversation.id)
            danger = Danger(case.reason) if case and case.is_crisis else None
            await self._help(message, Heard(Level.CRISIS, danger))
            return True
        if conversation.checking:
            if answer is Answer.UNSAFE:
                await self._help(message, Heard(Level.CRISIS, Danger(conversation.checking)))
                return True
            await self._run(self._handoffs.no_longer_asks, conversation.id)
            if answer is Answer.SAFE:
                drafts = self._crisis.glad(conversation, await self._open_request.asked(message))
                self._tell(await self._run(self._store.reply, message, drafts))
                return True
        if answer in (Answer.TAKES_BACK, Answer.SAFE) and self._crisis.stays_with(conversation):
            self._tell(await self._run(self._store.reply, message, [self._crisis.taken_back(conversation)]))
            return True
        return False

    async def _answers_a_question(self, conversation: Conversation, message: Message, answer: Answer) -> bool:
        """Whether a message that could say whether somebody is safe answers what a request for a person asked last."""
        asked = [each for each in await self._run(self._store.said_before, message) if each.details.get("asks") in FORM_ASKS]
        offered = {choice["value"] for each in asked for choice in each.details.get("choices") or ()}
        if message.text.strip() in offered:
            return True
        return bool(asked) and not conversation.checking and answer is Answer.SAFE

    async def _answer(
        self, conversation: Conversation, message: Message, heard: Heard, *, tells_when_away: bool = False
    ) -> None:
        """Let the engine answer all but what became of an open request.

        A check-in with numbers goes before its answer and stands for whatever is none; one without comes last, so that a
        "no" is an answer to it.
        """
        if not heard.asks and (where := await self._open_request.where(conversation, message)):
            self._tell(await self._run(self._store.reply, message, where))
            return
        asked = []
        danger = heard.danger.value if heard.danger else None
        check_in = [self._crisis.check_in(heard, conversation)] if heard.asks else []
        if danger and heard.level is Level.UNSURE:
            asked = await self._run(self._handoffs.ask_whether_safe, message, danger, check_in)
            self._tell(asked)
        self._announcer.typing(conversation.id)
        try:
            drafts, council = await self._drafts(conversation, message)
        except EngineAway:
            if tells_when_away and (asked or not await self._run(self._store.replies, message)):
                away = await self._run(self._away, conversation)
                self._tell(await self._run(lambda: self._store.reply(message, [away], answers=False)))
            return
        if council and council != conversation.authority:
            await self._run(self._handoffs.settle_authority, conversation.id, council)
        request = next((draft["request"] for draft in drafts if "request" in draft), None)
        if request:
            await self._hand_over(conversation, message, request, is_urgent=heard.asks)
            return
        if offers_person(drafts) and await self._open_again(message, is_urgent=heard.asks):
            return
        drafts = await self._open_request.beside(conversation, message, drafts)
        if heard.level is Level.UNSURE:
            drafts = self._crisis.beside_check_in(drafts)
        elif self._crisis.stays_with(conversation):
            again = await self._run(self._store.was_said_since, conversation.id, "crisis", conversation.crisis_at)
            named = council if council != conversation.authority else None
            drafts = self._crisis.staying(conversation, drafts, again=again, council=named)
        if len(message.text) > LONG_MESSAGE:
            drafts = [await self._run(self._long), *drafts]
        if heard.level is Level.CONCERN:
            self._tell(await self._run(lambda: self._store.reply(message, [*drafts, *check_in], checking=danger)))
        else:
            self._tell(await self._run(self._store.reply, message, drafts))

    async def _hand_over(
        self, conversation: Conversation, message: Message, request: Mapping[str, Any], *, is_urgent: bool
    ) -> None:
        """Open the escalation that the person has agreed to; sooner for somebody who was, or may be, in danger."""
        is_urgent = is_urgent or bool(conversation.checking) or self._crisis.stays_with(conversation)
        wanted = self._handoff.request(request, is_urgent=is_urgent)
        made = await self._run(self._handoffs.hand_over, message, wanted, self._handoff.passed_on(wanted))
        self._tell(made)
        escalation = await self._run(self._handoffs.escalation, conversation.id)
        if escalation:
            self._desk(escalation.id)

    async def _open_again(self, message: Message, *, is_urgent: bool) -> bool:
        """Whether the question went back to the people who had the conversation until lately."""
        made = await self._run(
            lambda: self._handoffs.open_again(
                message, self._handoff.reopens_since, self._handoff.opened_again, is_urgent=is_urgent
            )
        )
        self._tell(made)
        escalation = await self._run(self._handoffs.escalation, message.conversation_id) if made else None
        if escalation:
            self._desk(escalation.id)
        return bool(made)

    async def _drafts(self, conversation: Conversation, message: Message) -> tuple[list[Draft], str | None]:
        """The engine's replies, and the council that it knows of; translated, where somebody can translate it.

        Raises EngineAway.
        """
        answered = await self._engine.answer(conversation, str(message.id), message.text)
        language = self._library.shelf.languages.get(answered.language or "")
        if self._translator is None or language is None:
            return answered.replies, answered.council
        try:
            if any("language" in draft for draft in answered.replies):
                english = await in_english(self._translator, message.text, language)
                answered = await self._engine.answer(conversation, f"{message.id}-en", english, language=language.code)
            return await in_their_language(self._translator, answered.replies, language), answered.council
        except TranslationAway:
            notice: Draft = {"kind": "notice", "text": language("untranslated"), "language": language.code}
            return [notice, *answered.replies], answered.council

    def _tell(self, made: Sequence[Message]) -> None:
        for message in made:
            self._announcer.say(message.conversation_id, message)

    def _away(self, conversation: Conversation) -> Draft:
        shelf = self._library.shelf
        councils = [shelf.authority(conversation.authority)] if conversation.authority else shelf.councils
        team = "\n".join(f"{council.label}, {council.team.line()}" for council in councils)
        return {
            "kind": "notice",
            "text": shelf.phrases("engine_away", team=team),
            "choices": [self._handoff.direct],
            "handoff": {"status": "offered", "reference": None, "to": "duty"},
        }

    def _long(self) -> Draft:
        return {"kind": "notice", "text": self._library.shelf.phrases("long_message")}
