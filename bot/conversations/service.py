"""What happens to a message: stored, answered in order, told to whoever listens, and answered later if it must be."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar

from bot.conversations.announcer import Announcer
from bot.conversations.model import (
    Conversation,
    ConversationNotFound,
    Holder,
    Message,
    MessageRefused,
    TooManyWaiting,
)
from bot.conversations.store import ConversationStore, Draft
from bot.conversations.text import storable
from bot.conversations.translation import TranslationAway, Translator, in_english, in_their_language
from content.errors import AuthorityNotFound
from content.library import Library

logger = logging.getLogger(__name__)
T = TypeVar("T")
LONG_MESSAGE = 1000
"""Characters; of a longer message the assistant says that it looked at the end."""
CLIENT_ID_LENGTH = 100
CATCH_UP_SECONDS = 1.0


class EngineAway(Exception):
    """The engine is not there, or too slow."""


@dataclass(frozen=True)
class Answered:
    """The engine's replies, and the language the person writes in when it is not English."""

    replies: list[Draft]
    language: str | None = None


class Engine(Protocol):
    """What answers: the replies to one message, the same again for the same message."""

    async def answer(
        self, conversation: str, message: str, text: str, authority: str | None, *, language: str | None = None
    ) -> Answered:
        """`language` is what the text was translated from. Raises EngineAway."""
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
        *,
        most_waiting: int,
        translator: Translator | None = None,
    ) -> None:
        self._store, self._library, self._engine = store, library, engine
        self.announcer = announcer
        self._most_waiting = most_waiting
        self._translator = translator
        self._turns: dict[str, _Turns] = {}
        self._threads = ThreadPoolExecutor(max_workers=4, thread_name_prefix="store")

    async def start(
        self, *, channel: str, authority: str | None = None, language: str = "en"
    ) -> tuple[Conversation, str, list[Message]]:
        """Raises MessageRefused for a council that we do not know."""
        opening = await self._run(self._opening, authority, language)
        return await self._run(
            lambda: self._store.start(channel=channel, authority=authority, language=language, opening=opening)
        )

    async def open(self, id: str, token: str) -> Conversation:
        """Raises ConversationNotFound."""
        return await self._run(self._store.open, id, token)

    async def receive(self, conversation: Conversation, text: str, client_message_id: str) -> list[Message]:
        """Store what the person wrote and give the replies to it.

        Raises MessageRefused, TooManyWaiting or ConversationNotFound; then nothing was stored.
        """
        text = storable(text)
        if not 0 < len(client_message_id) <= CLIENT_ID_LENGTH:
            raise MessageRefused("client_message_id", f"It should have 1 to {CLIENT_ID_LENGTH} characters.")
        if self._waiting(conversation.id) >= self._most_waiting:
            raise TooManyWaiting("I am still answering your earlier messages. Please wait a moment.")
        message = await self._run(self._store.receive, conversation.id, text, client_message_id)
        self.announcer.say(conversation.id, message)
        async with self._turn(conversation.id):
            await self._answer(conversation, message, tells_when_away=True)
            return await self._run(self._store.replies, message)

    async def transcript(self, conversation: Conversation, *, after: int = 0) -> list[Message]:
        return await self._run(lambda: self._store.transcript(conversation.id, after=after))

    async def rate(self, conversation: Conversation, message_id: int, *, helpful: bool, comment: str | None) -> None:
        """Raises MessageRefused when the message is no reply of this conversation."""
        kept = await self._run(lambda: self._store.rate(conversation.id, message_id, helpful=helpful, comment=comment))
        if not kept:
            raise MessageRefused("message_id", "There is no such reply in this conversation.")

    async def delete(self, conversation: Conversation) -> None:
        await self._run(self._store.delete, conversation.id)
        self.announcer.close(conversation.id)

    async def catch_up(self) -> None:
        """For ever: answer what could not be answered before, as soon as the engine is there."""
        while True:
            await asyncio.sleep(CATCH_UP_SECONDS)
            if not self._engine.is_ready:
                continue
            try:
                for message in await self._run(self._store.unanswered):
                    conversation = await self._run(self._store.find, message.conversation_id)
                    async with self._turn(conversation.id):
                        await self._answer(conversation, message)
            except ConversationNotFound:
                continue
            except Exception:
                logger.exception("Waiting messages could not be answered; trying again.")

    def close(self) -> None:
        self._threads.shutdown(wait=True)

    # inside

    async def _answer(self, conversation: Conversation, message: Message, *, tells_when_away: bool = False) -> None:
        """Answer one message if it still waits; the caller holds the conversation's turn."""
        current = await self._run(self._store.message, message.id)
        if current is None or current.is_answered or conversation.holder is not Holder.BOT:
            return
        self.announcer.typing(conversation.id)
        try:
            drafts = await self._drafts(conversation, message)
        except EngineAway:
            if tells_when_away and not await self._run(self._store.replies, message):
                away = await self._run(self._away, conversation)
                self._tell(await self._run(lambda: self._store.reply(message, [away], answers=False)))
            return
        if len(message.text) > LONG_MESSAGE:
            drafts = [await self._run(self._long), *drafts]
        self._tell(await self._run(lambda: self._store.reply(message, drafts, answers=True)))

    async def _drafts(self, conversation: Conversation, message: Message) -> list[Draft]:
        """The engine's replies; translated, when the person writes in another language and somebody can translate it.

        Raises EngineAway.
        """
        answered = await self._engine.answer(conversation.id, str(message.id), message.text, conversation.authority)
        language = self._library.shelf.languages.get(answered.language or "")
        if self._translator is None or language is None:
            return answered.replies
        try:
            if any("language" in draft for draft in answered.replies):
                english = await in_english(self._translator, message.text, language)
                answered = await self._engine.answer(
                    conversation.id, f"{message.id}-en", english, conversation.authority, language=language.code
                )
            return await in_their_language(self._translator, answered.replies, language)
        except TranslationAway:
            notice: Draft = {"kind": "notice", "text": language("untranslated"), "language": language.code}
            return [notice, *answered.replies]

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
            "handoff": {"status": "offered", "reference": None, "to": "duty"},
        }

    def _long(self) -> Draft:
        return {"kind": "notice", "text": self._library.shelf.phrases("long_message")}

    async def _run(self, call: Callable[..., T], *arguments: Any) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._threads, lambda: call(*arguments))


class _Turns:
    """Who waits for one conversation."""

    def __init__(self) -> None:
        self.lock = asyncio.Lock()
        self.waiting = 0
