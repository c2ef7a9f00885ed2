"""What happens to a message: stored, answered in order, told to whoever listens, and answered later if it must be."""

from __future__ import annotations

import asyncio
import logging
import secrets
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timezone
from functools import partial
from typing import Any, Protocol, TypeVar

from sqlalchemy.exc import DBAPIError

from bot.conversations.announcer import Announcer
from bot.conversations.crisis import CrisisHelp
from bot.conversations.handoff import Handoff
from bot.conversations.model import (
    Author,
    Conversation,
    ConversationNotFound,
    Holder,
    Message,
    MessageRefused,
    StoreAway,
    TooManyWaiting,
)
from bot.conversations.store import ConversationStore, Draft, Invited
from bot.conversations.text import storable
from bot.conversations.translation import TranslationAway, Translator, in_english, in_their_language
from content.crisis import Danger
from content.errors import AuthorityNotFound
from content.library import Library
from nlu.crisis.phrases import Answer
from nlu.crisis.screen import Heard, Level

logger = logging.getLogger(__name__)
T = TypeVar("T")
LONG_MESSAGE = 1000
"""Characters; of a longer message the assistant says that it looked at the end."""
CLIENT_ID_LENGTH = 100
CATCH_UP_SECONDS = 1.0
MOST_HEARD = 50
"""Messages that may wait to be screened at once; in a flood the others are screened by their phrases alone, and quickly."""
SAVE_SECONDS = 0.6
"""How long a cry for help may take to be saved before it is answered without that."""
AWAY = "I cannot save or read messages just now. Please try again in a minute."


class EngineAway(Exception):
    """The engine is not there, or too slow."""


@dataclass(frozen=True)
class Answered:
    """The engine's replies, the language the person writes in when it is not English, and the council it knows of."""

    replies: list[Draft]
    language: str | None = None
    council: str | None = None


class Engine(Protocol):
    """What answers: the replies to one message, the same again for the same message."""

    async def answer(self, conversation: Conversation, message: str, text: str, *, language: str | None = None) -> Answered:
        """`message` is its id, `language` what the text was translated from. Raises EngineAway."""
        ...

    @property
    def is_ready(self) -> bool: ...


class ConversationService:
    """The way of a message. One instance serves all channels of one web process."""

    def __init__(
        self,
        store: ConversationStore,
        library: Library,
        engine: Engine,
        announcer: Announcer,
        crisis: CrisisHelp,
        handoff: Handoff,
        *,
        most_waiting: int,
        translator: Translator | None = None,
        save_seconds: float = SAVE_SECONDS,
        desk: Callable[[int], None] = lambda escalation_id: None,
    ) -> None:
        """`desk` is told of each escalation that is new, or in which the person wrote."""
        self._store, self._library, self._engine, self._crisis, self._handoff = store, library, engine, crisis, handoff
        self.announcer, self._desk = announcer, desk
        self._most_waiting, self._save_seconds = most_waiting, save_seconds
        self._translator = translator
        self._turns: dict[str, _Turns] = {}
        self._saving: set[asyncio.Future] = set()
        self._heard = 0
        self._threads = ThreadPoolExecutor(max_workers=4, thread_name_prefix="store")
        self._listening = ThreadPoolExecutor(max_workers=2, thread_name_prefix="crisis-screen")

    async def start(
        self, *, channel: str, authority: str | None = None, language: str = "en", invited: Invited | None = None
    ) -> tuple[Conversation, str, list[Message]]:
        """Raises MessageRefused for a council that we do not know, and what `invited` refuses.

        While nothing can be stored it begins all the same, so that who is in danger has somewhere to write.
        """
        opening = await self._run(self._opening, authority, language)
        try:
            return await self._run(
                lambda: self._store.start(
                    channel=channel, authority=authority, language=language, opening=opening, invited=invited
                )
            )
        except StoreAway as away:
            unsaved = Conversation(secrets.token_hex(16), channel, authority, language, Holder.BOT)
            said = [
                *({"kind": draft["kind"], "text": draft["text"]} for draft in opening),
                {"kind": "notice", "text": str(away)},
            ]
            return unsaved, secrets.token_urlsafe(32), [_unsaved(draft) for draft in said]

    async def open(self, id: str, token: str) -> Conversation:
        """Raises ConversationNotFound."""
        return await self._run(self._store.open, id, token)

    async def hear(self, text: str) -> Heard:
        """Whether a message is a cry for help. It is safe to ask before anything else is known of the message."""
        is_flooded = self._heard >= MOST_HEARD
        self._heard += 1
        try:
            hearing = partial(self._crisis.hear, text, quickly=is_flooded)
            return await asyncio.get_running_loop().run_in_executor(self._listening, hearing)
        finally:
            self._heard -= 1

    def help_unsaved(self, heard: Heard) -> Message:
        """Urgent help for a message that cannot be stored; it is nowhere in the transcript."""
        return _unsaved(self._crisis.help_unsaved(heard))

    async def receive(
        self, conversation: Conversation, text: str, client_message_id: str, heard: Heard | None = None
    ) -> list[Message]:
        """Store what the person wrote and give the replies to it. A cry for help is answered before anything else.

        Raises MessageRefused, TooManyWaiting or ConversationNotFound; then nothing was stored. StoreAway when it cannot be.
        """
        text = storable(text)
        if not 0 < len(client_message_id) <= CLIENT_ID_LENGTH:
            raise MessageRefused("client_message_id", f"It should have 1 to {CLIENT_ID_LENGTH} characters.")
        heard = heard or await self.hear(text)
        if not heard.is_crisis and self._waiting(conversation.id) >= self._most_waiting:
            raise TooManyWaiting("I am still answering your earlier messages. Please wait a moment.")
        taking = asyncio.ensure_future(self._take(conversation, text, client_message_id, heard))
        if not heard.is_crisis:
            return await taking
        self._saving.add(taking)
        taking.add_done_callback(self._saving.discard)
        done, _ = await asyncio.wait([taking], timeout=self._save_seconds)
        if not done:
            # It goes on, and may still be saved; who is in danger does not wait for that.
            raise StoreAway(AWAY)
        return taking.result()

    async def _take(self, conversation: Conversation, text: str, client_message_id: str, heard: Heard) -> list[Message]:
        message = await self._run(self._store.receive, conversation.id, text, client_message_id)
        self.announcer.say(conversation.id, message)
        await self._reply(message, heard, tells_when_away=True)
        return await self._run(self._store.replies, message)

    async def transcript(self, conversation: Conversation, *, after: int = 0) -> list[Message]:
        return await self.transcript_of(conversation.id, after=after)

    async def transcript_of(self, conversation_id: str, *, after: int = 0) -> list[Message]:
        """The transcript, for staff who may see it."""
        return await self._run(lambda: self._store.transcript(conversation_id, after=after))

    async def notice(self, conversation_id: str, notice: Mapping[str, Any]) -> None:
        """The person is writing, or was shown a message: told to the team, while a person is in the conversation."""
        if notice["type"] == "typing":
            if (await self._run(self._store.find, conversation_id)).holder is not Holder.BOT:
                self.announcer.typing(conversation_id, by=Author.PERSON)
        elif await self._run(lambda: self._store.seen(conversation_id, notice["id"], by=Author.PERSON)):
            self.announcer.seen(conversation_id, Author.PERSON, notice["id"])

    async def rate(self, conversation: Conversation, message_id: int, *, helpful: bool, comment: str | None) -> None:
        """Raises MessageRefused when the message is no reply of this conversation."""
        kept = await self._run(lambda: self._store.rate(conversation.id, message_id, helpful=helpful, comment=comment))
        if not kept:
            raise MessageRefused("message_id", "There is no such reply in this conversation.")

    async def delete(self, conversation: Conversation) -> None:
        escalation = await self._run(self._store.escalation, conversation.id)
        await self._run(self._store.delete, conversation.id)
        self.announcer.close(conversation.id)
        if escalation:
            self._desk(escalation.id)

    async def catch_up(self) -> None:
        """For ever: answer what could not be answered before, as soon as the engine is there."""
        while True:
            await asyncio.sleep(CATCH_UP_SECONDS)
            if not self._engine.is_ready:
                continue
            try:
                for message in await self._run(self._store.unanswered):
                    await self._reply(message, await self.hear(message.text))
            except ConversationNotFound:
                continue
            except Exception:
                logger.exception("Waiting messages could not be answered; trying again.")

    def close(self) -> None:
        self._threads.shutdown(wait=True)
        self._listening.shutdown(wait=True)

    # inside

    async def _reply(self, message: Message, heard: Heard, *, tells_when_away: bool = False) -> None:
        """Reply to one message if it still waits: urgent help out of turn, anything else when it is its turn.

        Raises ConversationNotFound.
        """
        if heard.is_crisis:
            await self._help(message, heard)
            return
        async with self._turn(message.conversation_id):
            current = await self._run(self._store.message, message.id)
            if current is None or current.is_answered:
                return
            conversation = await self._run(self._store.find, message.conversation_id)
            if conversation.holder is Holder.STAFF:
                await self._pass_on(message, heard)
            elif await self._turned_back(conversation, message) or await self._stayed(conversation, message):
                return
            elif conversation.holder is Holder.WAITING:
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
        escalation = await self._run(self._store.escalation, conversation.id)
        if escalation is None:
            return False
        drafts = [self._handoff.turned_back(wish, escalation)]
        told = await self._run(lambda: self._store.back_to_assistant(message, drafts, withdraws=wish.withdraws))
        self._tell(told)
        self._desk(escalation.id)
        return bool(told)

    async def _ask_while_waiting(self, conversation: Conversation, message: Message, heard: Heard) -> None:
        """The one thing that the assistant still says while somebody waits: it asks whether they are safe."""
        if heard.asks and heard.danger:
            check_in = [self._crisis.check_in(heard, conversation)]
            self._tell(await self._run(self._store.ask_whether_safe, message, heard.danger.value, check_in))

    async def _pass_on(self, message: Message, heard: Heard) -> None:
        """Leave a message to the people who hold the conversation; what may be danger makes their case urgent."""
        passed = await self._run(lambda: self._store.pass_on(message, is_urgent=heard.asks))
        if passed:
            self._desk(passed.id)

    async def _help(self, message: Message, heard: Heard) -> None:
        """Urgent help, and an escalation; whoever holds the conversation, and whatever else is going on in it."""
        conversation = await self._run(self._store.find, message.conversation_id)
        if conversation.checking and self._crisis.answered(conversation, message.text) is Answer.UNSAFE:
            heard = replace(heard, danger=Danger(conversation.checking))
        danger = (heard.danger or Danger.SUICIDE).value
        self._tell(await self._run(self._store.alert, message, danger, self._crisis.help(heard, conversation)))
        escalation = await self._run(self._store.escalation, conversation.id)
        if escalation:
            self._desk(escalation.id)

    async def _stayed(self, conversation: Conversation, message: Message) -> bool:
        """Whether the message was an answer to a check-in or to urgent help, and was answered as such."""
        answer = self._crisis.answered(conversation, message.text)
        if conversation.checking:
            if answer is Answer.UNSAFE:
                await self._help(message, Heard(Level.CRISIS, Danger(conversation.checking)))
                return True
            await self._run(self._store.no_longer_asks, conversation.id)
            if answer is Answer.SAFE:
                self._tell(await self._run(self._store.reply, message, [self._crisis.glad(conversation)]))
                return True
        if answer in (Answer.TAKES_BACK, Answer.SAFE) and self._crisis.stays_with(conversation):
            self._tell(await self._run(self._store.reply, message, [self._crisis.taken_back(conversation)]))
            return True
        return False

    async def _answer(
        self, conversation: Conversation, message: Message, heard: Heard, *, tells_when_away: bool = False
    ) -> None:
        """Let the engine answer. A check-in with numbers goes before its answer and stands for whatever is none; one without
        comes last, so that a "no" is an answer to it.
        """
        asked = []
        danger = heard.danger.value if heard.danger else None
        check_in = [self._crisis.check_in(heard, conversation)] if heard.asks else []
        if danger and heard.level is Level.UNSURE:
            asked = await self._run(self._store.ask_whether_safe, message, danger, check_in)
            self._tell(asked)
        self.announcer.typing(conversation.id)
        try:
            drafts, council = await self._drafts(conversation, message)
        except EngineAway:
            if tells_when_away and (asked or not await self._run(self._store.replies, message)):
                away = await self._run(self._away, conversation)
                self._tell(await self._run(lambda: self._store.reply(message, [away], answers=False)))
            return
        if council and council != conversation.authority:
            await self._run(self._store.settle_authority, conversation.id, council)
        request = next((draft["request"] for draft in drafts if "request" in draft), None)
        if request:
            await self._hand_over(conversation, message, request, is_urgent=heard.asks)
            return
        if heard.level is Level.UNSURE:
            drafts = [draft for draft in drafts if draft["kind"] in ("answer", "handoff")]
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
        """Open the escalation that the person has agreed to; sooner for somebody who was in danger a little while ago."""
        is_urgent = is_urgent or self._crisis.stays_with(conversation)
        wanted = self._handoff.request(request, is_urgent=is_urgent)
        made = await self._run(self._store.hand_over, message, wanted, self._handoff.passed_on(wanted))
        self._tell(made)
        escalation = await self._run(self._store.escalation, conversation.id)
        if escalation:
            self._desk(escalation.id)

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
            self.announcer.say(message.conversation_id, message)

    @asynccontextmanager
    async def _turn(self, conversation_id: str) -> AsyncIterator[None]:
        """The conversation to oneself: its messages are answered one after another, in the order in which they came."""
        turns = self._turns.setdefault(conversation_id, _Turns())
        turns.waiting += 1
        try:
            async with turns.lock:
                yield
        finally:
            turns.waiting -= 1
            if turns.waiting == 0:
                self._turns.pop(conversation_id, None)

    def _waiting(self, conversation_id: str) -> int:
        turns = self._turns.get(conversation_id)
        return turns.waiting if turns else 0

    def _opening(self, authority: str | None, code: str) -> list[Draft]:
        shelf = self._library.shelf
        if authority is not None:
            try:
                is_council = shelf.authority(authority).is_council
            except AuthorityNotFound:
                is_council = False
            if not is_council:
                known = ", ".join(council.id for council in shelf.councils)
                raise MessageRefused("authority", f"I do not know this council. I know: {known}.")
        language = shelf.languages.get(code)
        if language:
            text = f"{language('greet')}\n\n{language('crisis')}"
            return [{"kind": "smalltalk", "text": text, "language": code, "choices": []}]
        topics = [{"label": topic.title, "value": topic.title} for topic in shelf.topics]
        return [{"kind": "smalltalk", "text": shelf.phrases("opening"), "choices": topics}]

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

    async def _run(self, call: Callable[..., T], *arguments: Any) -> T:
        """Raises StoreAway when the database cannot be reached, or is not what it was."""
        try:
            return await asyncio.get_running_loop().run_in_executor(self._threads, lambda: call(*arguments))
        except DBAPIError as error:
            logger.error("The database failed: %s.", type(error.orig).__name__)
            raise StoreAway(AWAY) from error


def _unsaved(draft: Draft) -> Message:
    """A reply that is stored nowhere."""
    details = {name: value for name, value in draft.items() if name not in ("kind", "text")}
    return Message(0, "", Author.ASSISTANT, draft["kind"], draft["text"], datetime.now(timezone.utc), details)


class _Turns:
    """Who waits for one conversation."""

    def __init__(self) -> None:
        self.lock = asyncio.Lock()
        self.waiting = 0
