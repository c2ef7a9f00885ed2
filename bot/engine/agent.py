"""Rasa's message processor with our actions in the same process, and each message handled once."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from typing import Any

from rasa.core.actions.action import Action, RemoteAction
from rasa.core.channels.channel import CollectingOutputChannel, UserMessage
from rasa.core.lock_store import InMemoryLockStore
from rasa.core.nlg import NaturalLanguageGenerator
from rasa.core.policies.policy import PolicyPrediction
from rasa.core.processor import MessageProcessor
from rasa.shared.core.constants import ACTION_LISTEN_NAME, REQUESTED_SLOT
from rasa.shared.core.domain import Domain
from rasa.shared.core.events import ActiveLoop, BotUttered, SlotSet, UserUttered
from rasa.shared.core.trackers import DialogueStateTracker
from rasa.utils.endpoints import EndpointConfig
from rasa_sdk.executor import ActionExecutor

from bot.engine.trackers import ConversationTrackers
from content.database import Database

ENGLISH = "en"
FACTS = ("spoken", "council")
"""What a reply carries beside itself: the language the person writes in when it is not English, and their council."""


FORM_SLOTS = ("handoff_", REQUESTED_SLOT)
"""How the slots begin that a form leaves empty at its end."""


class EngineFailed(Exception):
    """The engine made no reply: an action failed, which Rasa only logs."""


class _AnsweredBefore(Exception):
    def __init__(self, replies: list[dict[str, Any]]) -> None:
        self.replies = replies


def _trust(action: RemoteAction, result: dict[str, Any]) -> bool:
    return True


# Rasa checks each result against a JSON schema, and the schema against its own schema: 64 ms a call. That is for what a
# foreign server sends; our results come from rasa-sdk in this process. Forms make their actions themselves, so that a
# subclass would not reach them.
RemoteAction._validate_action_result = _trust  # type: ignore[method-assign]


class _InProcess(EndpointConfig):
    """An action endpoint without a network: it calls rasa-sdk's executor."""

    def __init__(self, executor: ActionExecutor) -> None:
        super().__init__(url="in-process", enable_selective_domain=True)
        self._executor = executor

    async def request(self, method: str = "post", subpath: str | None = None, **kwargs: Any) -> Any:
        return await self._executor.run(kwargs["json"])


class _Processor(MessageProcessor):
    async def fetch_tracker_and_update_session(
        self, sender_id: str, output_channel: Any = None, metadata: dict | None = None
    ) -> DialogueStateTracker:
        tracker = await super().fetch_tracker_and_update_session(sender_id, output_channel, metadata)
        metadata = metadata or {}
        replies = _replies_to(tracker, metadata.get("id"))
        if replies is not None:
            raise _AnsweredBefore(replies)
        if not any(isinstance(event, UserUttered) for event in tracker.events):
            for slot, value in (metadata.get("picked") or {}).items():
                if value not in (None, ENGLISH):
                    tracker.update(SlotSet(slot, value), self.domain)
        elif tracker.active_loop_name and _request(tracker) != metadata.get("request"):
            self._leave_form(tracker)
        return tracker

    def _leave_form(self, tracker: DialogueStateTracker) -> None:
        """People had the conversation meanwhile: what the form had asked before is theirs by now."""
        for slot in tracker.slots:
            if slot.startswith(FORM_SLOTS):
                tracker.update(SlotSet(slot, None), self.domain)
        tracker.update(ActiveLoop(None), self.domain)

    def predict_next_with_tracker_if_should(self, tracker: DialogueStateTracker) -> tuple[Action, PolicyPrediction]:
        """After one of our actions the agent listens, as every rule says; asking the policies again takes 4 ms.

        What an action named to follow it, and a form that is asking, still go their own way.
        """
        has_answered = tracker.latest_action_name in self._own_actions
        if has_answered and tracker.followup_action is None and tracker.active_loop_name is None:
            listen = PolicyPrediction.for_action_name(self.domain, ACTION_LISTEN_NAME, policy_name="one action a message")
            return self._get_action(ACTION_LISTEN_NAME), listen
        action, prediction = super().predict_next_with_tracker_if_should(tracker)
        return action, prediction

    @cached_property
    def _own_actions(self) -> frozenset[str]:
        return frozenset(self.domain.user_actions)


class _Replies(CollectingOutputChannel):
    """Collects the replies as the actions made them."""

    async def send_response(self, recipient_id: str, message: dict[str, Any]) -> None:
        self.messages.append(message.get("reply") or {"kind": "notice", "text": message.get("text") or ""})


class Agent:
    """The trained model, ready to converse."""

    def __init__(self, model: Path, database: Database) -> None:
        executor = ActionExecutor()
        executor.register_package("actions")
        trackers = ConversationTrackers(None, database)
        self._processor = _Processor(
            model_path=model,
            tracker_store=trackers,
            lock_store=InMemoryLockStore(),
            generator=NaturalLanguageGenerator.create(None, Domain.empty()),
            action_endpoint=_InProcess(executor),
        )
        trackers.domain = self._processor.domain

    async def answer(
        self,
        conversation: str,
        message: str,
        text: str,
        language: str | None,
        request: int | None,
        picked: Mapping[str, str | bool | None],
    ) -> dict[str, Any]:
        """{"replies", "language", "council"}: the replies to one message, and what is known of the person, else None.

        The same message again gives the same replies and changes nothing.

        `language` is what the text was translated from, `request` the last request for a person that was passed on (a form
        that was open when it was is left), `picked` the authority and the language that were picked before the first
        message, and `has_pa`: whether a personal adviser's link opened the conversation. Raises EngineFailed.
        """
        channel = _Replies()
        try:
            await self._processor.handle_message(
                UserMessage(
                    text,
                    channel,
                    conversation,
                    input_channel="local-offer",
                    message_id=message,
                    metadata={"id": message, "language": language, "request": request, "picked": picked, "screened": True},
                )
            )
        except _AnsweredBefore as before:
            return _with_facts(before.replies)
        if not channel.messages:
            raise EngineFailed("No action made a reply.")
        return _with_facts(channel.messages)


def _with_facts(replies: list[dict[str, Any]]) -> dict[str, Any]:
    """The replies, and what they carry of the person: {"replies", "language", "council"}."""
    known = {name: next((reply[name] for reply in replies if name in reply), None) for name in FACTS}
    spoken = [{name: value for name, value in reply.items() if name not in FACTS} for reply in replies]
    return {"replies": spoken, "language": known["spoken"], "council": known["council"]}


def _request(tracker: DialogueStateTracker) -> int | None:
    """The request that had been passed on last when the person last wrote to the assistant."""
    for event in reversed(tracker.events):
        if isinstance(event, UserUttered):
            request: int | None = event.metadata.get("request")
            return request
    return None


def _replies_to(tracker: DialogueStateTracker, message: str | None) -> list[dict[str, Any]] | None:
    """What was replied to this message before; None when the tracker does not hold it."""
    replies: list[dict[str, Any]] | None = None
    for event in tracker.events:
        if isinstance(event, UserUttered):
            if replies is not None:
                break
            replies = [] if message and event.message_id == message else None
        elif isinstance(event, BotUttered) and replies is not None and "reply" in event.metadata:
            replies.append(event.metadata["reply"])
    return replies or None
