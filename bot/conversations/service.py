"""What happens to a message: stored, answered in order, told to whoever listens, and answered later if it must be."""

from __future__ import annotations

import asyncio
import logging
import secrets
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timezone
from functools import partial
from typing import Any, TypeVar

from sqlalchemy.exc import DBAPIError

from bot.conversations.announcer import Announcer
from bot.conversations.crisis import CrisisHelp
from bot.conversations.engine import Engine
from bot.conversations.handoff import Handoff
from bot.conversations.handoff_store import HandoffStore
from bot.conversations.model import (
    Author,
    Conversation,
    ConversationNotFound,
    Draft,
    Holder,
    Message,
    MessageRefused,
    StoreAway,
    TooManyWaiting,
)
from bot.conversations.responder import Responder
from bot.conversations.store import ConversationStore, Invited
from bot.conversations.text import storable
from bot.conversations.translation import Translator
from content.errors import AuthorityNotFound
from content.library import Library
from nlu.crisis.screen import Heard

logger = logging.getLogger(__name__)
T = TypeVar("T")
CLIENT_ID_LENGTH = 100
CATCH_UP_SECONDS = 1.0
MOST_HEARD = 50
"""Messages that may wait to be screened at once; in a flood the others are screened by their phrases alone, and quickly."""
AWAY = "I cannot save or read messages just now. Please try again in a minute."


class ConversationService:
    """The way of a message. One instance serves all channels of one web process."""

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
        most_waiting: int,
        save_seconds: float,
        translator: Translator | None = None,
        desk: Callable[[int], None] = lambda escalation_id: None,
    ) -> None:
        """`save_seconds`: how long a cry for help may take to be saved before it is answered without that.

        `desk` is told of each escalation that is new, or in which the person wrote.
        """
        self._store, self._handoffs, self._library = store, handoffs, library
        self._engine, self._crisis = engine, crisis
        self.announcer, self._desk = announcer, desk
        self._most_waiting, self._save_seconds = most_waiting, save_seconds
        self._responder = Responder(
            store,
            handoffs,
            library,
            engine,
            announcer,
            crisis,
            handoff,
            run=self._run,
            hear=self.hear,
            desk=desk,
            translator=translator,
        )
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
        if not heard.is_crisis and self._responder.waiting(conversation.id) >= self._most_waiting:
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
        await self._responder.reply(message, heard, tells_when_away=True)
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
        escalation = await self._run(self._handoffs.escalation, conversation.id)
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
                    await self._responder.reply(message, await self.hear(message.text))
            except ConversationNotFound:
                continue
            except Exception:
                logger.exception("Waiting messages could not be answered; trying again.")

    def close(self) -> None:
        self._threads.shutdown(wait=True)
        self._listening.shutdown(wait=True)

    # inside

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
