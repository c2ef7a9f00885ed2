"""What is said to somebody in danger: urgent help, a check-in, and staying with them afterwards."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta, timezone

from sqlalchemy.exc import SQLAlchemyError

from bot.conversations.model import Conversation, Draft
from content.crisis import Danger, UrgentHelp, built_in
from content.errors import ContentError
from content.library import Library, Shelf
from nlu.crisis.phrases import ENGLISH, Answer
from nlu.crisis.screen import CrisisScreen, Heard

STAYS = timedelta(hours=6)
"""How long after urgent help the assistant stays with somebody: no small talk, no shrug, no rating."""
SHORT = 8
"""Words up to which a message can be no more than an answer to the assistant: "jk im fine"."""
SAYS_MORE = frozenset(("answer", "handoff", "cancelled"))
"""Kinds of reply that are worth having after urgent help; so is a question about the person, not one about the subject."""
Clock = Callable[[], datetime]


def _now() -> datetime:
    return datetime.now(timezone.utc)


class CrisisHelp:
    """Hears cries for help and words the replies. It stores nothing, and works when nothing else does."""

    def __init__(self, screen: CrisisScreen, library: Library, *, clock: Clock = _now) -> None:
        self._screen, self._library, self._clock = screen, library, clock

    def hear(self, text: str, *, quickly: bool = False) -> Heard:
        shelf = self._shelf
        if shelf:
            self._screen.listen_for(shelf.crisis_phrases)
        return self._screen.hear(text, quickly=quickly)

    def answered(self, conversation: Conversation, text: str) -> Answer | None:
        """What a short message says to the assistant's question whether one is safe, or to urgent help given before."""
        if not (conversation.checking or self.stays_with(conversation)):
            return None
        return self.picked(text) or (self._screen.answer(text) if len(text.split()) <= SHORT else None)

    def picked(self, text: str) -> Answer | None:
        """Which of the two choices under the question whether one is safe a message is, if it is one."""
        for language in (ENGLISH, *self._urgent.languages):
            if text.strip() == self._urgent.say("crisis_safe", language):
                return Answer.SAFE
            if text.strip() == self._urgent.say("crisis_not_safe", language):
                return Answer.UNSAFE
        return None

    def stays_with(self, conversation: Conversation) -> bool:
        return conversation.crisis_at is not None and self._clock() - conversation.crisis_at < STAYS

    # what is said

    def help(self, heard: Heard, conversation: Conversation) -> Callable[[str, bool], list[Draft]]:
        """Makes the urgent help, from the escalation's reference and whether it was open before."""

        def drafts(reference: str, was_open: bool) -> list[Draft]:
            urgent, language = self._urgent, self._language(heard, conversation)
            if was_open:
                told = urgent.say("crisis_told_again", language)
            else:
                team = urgent.team(conversation.authority, language)
                told = urgent.say("crisis_told", language, team=team, reference=reference)
            handoff = {"status": "waiting", "reference": reference, "to": "duty"}
            return [self._help(heard, conversation.authority, language, told, handoff=handoff)]

        return drafts

    def help_unsaved(self, heard: Heard) -> Draft:
        """Urgent help when nothing can be stored: it does not say that somebody was told."""
        language = heard.language if heard.language != ENGLISH else None
        return self._help(heard, None, language, self._urgent.say("crisis_not_told", language))

    def check_in(self, heard: Heard, conversation: Conversation) -> Draft:
        language = self._language(heard, conversation)
        say = self._urgent.say
        text = say("crisis_check_in", language)
        if heard.brings_numbers:
            text += f"\n\n{say('crisis_check_in_numbers', language)}"
        choices = [
            {"label": words, "value": words}
            for words in (say(name, language) for name in ("crisis_safe", "crisis_not_safe"))
        ]
        draft = self._draft(text, language, choices=choices)
        return draft if heard.brings_numbers else {**draft, "kind": "question"}

    def glad(self, conversation: Conversation, asked: Draft | None) -> list[Draft]:
        """What is said to who is safe; then what was asked of them before, if anything, or what else they want."""
        draft = self._said("crisis_glad", conversation)
        if asked:
            return [draft, asked]
        if "language" not in draft:
            draft["text"] = f"{draft['text']} {self._urgent.say('crisis_go_on')}"
        return [draft]

    def taken_back(self, conversation: Conversation) -> Draft:
        return self._said("crisis_taken_back", conversation)

    def staying(
        self, conversation: Conversation, drafts: Sequence[Draft], *, again: bool, council: str | None = None
    ) -> list[Draft]:
        """The assistant's ordinary replies as they go to somebody after urgent help: answers stay, a shrug does not.

        Nobody is asked to rate them. `council` is one that the person has just named: its number stands for a mere "noted".
        """
        worth = [draft for draft in drafts if _says_more(draft)]
        line = self._urgent.council_line(council, self._clock()) if council else None
        if line and not worth:
            return [self._draft(line, None)]
        if not worth:
            said = self._said("crisis_still_here_again" if again else "crisis_still_here", conversation)
            return [said, *self._may_help(drafts)]
        return [_unrated(draft) for draft in worth]

    def beside_check_in(self, drafts: Sequence[Draft]) -> list[Draft]:
        """What of the assistant's ordinary replies goes with a check-in: no shrug, but what was asked is not lost."""
        worth = [draft for draft in drafts if _says_more(draft)]
        return [_unrated(draft) for draft in worth] or self._may_help(drafts)

    # inside

    def _may_help(self, drafts: Sequence[Draft]) -> list[Draft]:
        """The likely entries among the choices of the assistant's replies, without the question that came with them."""
        entries = [choice for draft in drafts for choice in draft.get("choices") or () if "entry" in choice]
        shelf = self._shelf
        if not entries or shelf is None:
            return []
        return [{"kind": "question", "text": shelf.phrases("may_help"), "asks": "topic", "choices": entries}]

    @property
    def _shelf(self) -> Shelf | None:
        """What is published; None when nothing can be read. What was read before stays."""
        try:
            return self._library.shelf
        except (ContentError, SQLAlchemyError):
            return None

    @property
    def _urgent(self) -> UrgentHelp:
        shelf = self._shelf
        return shelf.urgent if shelf else built_in()

    def _help(self, heard: Heard, authority: str | None, language: str | None, told: str, **fields: object) -> Draft:
        danger = heard.danger or Danger.SUICIDE
        urgent = self._urgent
        text = urgent.text(danger, authority, self._clock(), language)
        return self._draft(f"{text}\n\n{told}", language, choices=self._choices(danger, authority), **fields)

    def _choices(self, danger: Danger, authority: str | None) -> list[dict[str, str]]:
        """Only what helps: the entry on their rights and, where its number is not known yet, their council."""
        shelf, urgent = self._shelf, self._urgent
        choices = []
        if urgent.asks_council(danger, authority):
            choices = [{"label": council.label, "value": council.label} for council in urgent.councils]
        entry = shelf.entries.get(urgent.entry(danger) or "") if shelf else None
        if entry:
            choices.append({"label": entry.label, "value": entry.title, "entry": entry.id})
        return choices

    def _said(self, name: str, conversation: Conversation) -> Draft:
        language = self._language(None, conversation)
        return self._draft(self._urgent.say(name, language), language)

    def _language(self, heard: Heard | None, conversation: Conversation) -> str | None:
        if heard and heard.language != ENGLISH:
            return heard.language
        return conversation.language if conversation.language in self._urgent.languages else None

    @staticmethod
    def _draft(text: str, language: str | None, **fields: object) -> Draft:
        return {"kind": "crisis", "text": text, **({"language": language} if language else {}), **fields}


def _says_more(draft: Draft) -> bool:
    return draft["kind"] in SAYS_MORE or (draft["kind"] == "question" and draft.get("asks") != "topic")


def _unrated(draft: Draft) -> Draft:
    return {**draft, "feedback": False} if draft["kind"] == "answer" else draft
