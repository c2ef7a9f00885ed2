"""Passing a conversation to a person, as the person is told of it: passed on, waiting, and back to the assistant."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta, timezone
from typing import Any

from bot.conversations.model import ASKED, Draft, Escalation, Request, Urgency, Way
from bot.conversations.targets import Targets
from bot.conversations.wishes import Wish, takes_back
from content.library import Library

REOPENS = timedelta(days=7)
"""How long after its end a case opens again by itself when the person asks what the assistant cannot answer."""
QUIET, QUIET_WAITING = timedelta(minutes=30), timedelta(minutes=5)
"""After that long without a word, of a person who has the chat or while nobody has it, it is told that it is kept."""
CONTACTS = ("about", "phone", "email", "good_time")


class Handoff:
    """Words what happens to a request for a person. It stores nothing."""

    def __init__(self, library: Library, targets: Targets, *, clock: Callable[[], datetime] | None = None) -> None:
        self._library, self._targets = library, targets
        self._clock = clock or (lambda: datetime.now(timezone.utc))

    def wish(self, text: str, *, waits: bool) -> Wish | None:
        """One of the choices that were offered, or what says the same; of somebody who waits, also just "stop"."""
        said = text.strip().lower()
        for wish in Wish:
            if said == self._library.shelf.phrases(wish.value).lower():
                return wish
        return Wish.WITHDRAW if takes_back(said, waits=waits) else None

    @property
    def direct(self) -> dict[str, str]:
        """The choice that passes a chat on without the dialogue's questions, for when the engine is away."""
        words = self._library.shelf.phrases("handoff_direct")
        return {"label": words, "value": words}

    def is_direct(self, text: str) -> bool:
        return text.strip().lower() == self.direct["value"].lower()

    def request(self, given: Mapping[str, Any], *, is_urgent: bool) -> Request:
        """The request as the dialogue collected it: {"to", "way", "about", "phone", "email", "good_time"}."""
        return Request(
            reason=ASKED,
            urgency=Urgency.URGENT if is_urgent else Urgency.ROUTINE,
            way=Way(given.get("way") or Way.CHAT.value),
            to_pa=given.get("to") == "pa",
            **{name: given.get(name) or None for name in CONTACTS},
        )

    def passed_on(self, request: Request) -> Callable[[Escalation], list[Draft]]:
        """Words the confirmation: to whom, the reference, when to expect an answer, and what can be done until then."""
        return lambda escalation: self._passed_on(escalation, to_pa=request.to_pa)

    def _passed_on(self, escalation: Escalation, *, to_pa: bool) -> list[Draft]:
        told = self._targets.told(escalation, self._clock())
        if to_pa and escalation.holder_id is None:
            why = "handoff_pa_away" if escalation.pa_id is None else "handoff_pa_late"
            told = f"{self._library.shelf.phrases(why)}\n\n{told}"
        return [self._draft("waiting", escalation, told, choices=self._wishes(waits=escalation.way is Way.CHAT))]

    def still_open(self, escalation: Escalation) -> Draft:
        """Where a request stands that was passed on before, for who asks what only people can answer."""
        when = self._targets.when(escalation, self._clock())
        to = self._targets.team(escalation, self._library.shelf)
        text = self._library.shelf.phrases("handoff_still_open", to=to, reference=escalation.reference, when=when)
        return self._draft("waiting", escalation, text, choices=self._wishes(waits=False))

    def added_to(self, escalation: Escalation) -> Draft:
        """That a request is there already, for who begins another."""
        to = self._targets.team(escalation, self._library.shelf)
        return self._draft(
            "waiting", escalation, self._library.shelf.phrases("handoff_adds", to=to, reference=escalation.reference)
        )

    @property
    def reopens_since(self) -> datetime:
        """A case that was closed before this stays closed when the person writes again."""
        return self._clock() - REOPENS

    def opened_again(self, escalation: Escalation) -> list[Draft]:
        """What the person is told when the assistant cannot answer, and whoever did before is to see it."""
        told = self._targets.told(escalation, self._clock(), again=True)
        return [self._draft("waiting", escalation, told, choices=self._wishes(waits=True))]

    def _wishes(self, *, waits: bool) -> list[dict[str, str]]:
        """What may be wished for; of who waits in the chat, also the assistant."""
        wishes = list(Wish) if waits else [Wish.WITHDRAW]
        return [{"label": words, "value": words} for words in (self._library.shelf.phrases(wish.value) for wish in wishes)]

    def turned_back(self, wish: Wish, escalation: Escalation | None) -> Draft:
        phrases = self._library.shelf.phrases
        if wish is Wish.ASSISTANT:
            topics = [{"label": topic.title, "value": topic.title} for topic in self._library.shelf.topics]
            return self._draft("waiting", escalation, phrases("handoff_resumed"), choices=topics)
        if escalation and escalation.is_crisis:
            return self._draft("waiting", escalation, phrases("handoff_kept"))
        return {"kind": "cancelled", "text": phrases("handoff_withdrawn")}

    # what staff do, as the person is told

    def taken(self, escalation: Escalation, name: str) -> Draft:
        """Who has it now: their own adviser, or somebody of the team."""
        shelf = self._library.shelf
        phrase = "handoff_taken" if escalation.way is Way.CHAT else "handoff_taken_other"
        if escalation.is_with_adviser:
            return self._draft("accepted", escalation, shelf.phrases(f"{phrase}_pa", name=name))
        to = self._targets.team(escalation, shelf)
        return self._draft("accepted", escalation, shelf.phrases(phrase, name=name, to=to))

    def left_to_team(self, escalation: Escalation, *, is_away: bool) -> Draft:
        """Their adviser is away, or has not taken it in time."""
        why = "handoff_pa_away" if is_away else "handoff_pa_late"
        return self._draft("waiting", escalation, self._library.shelf.phrases(why))

    def unanswered(self, escalation: Escalation) -> Draft:
        """Whoever has it has not answered in time, and the team knows now."""
        text = self._library.shelf.phrases("handoff_unanswered")
        return self._draft("waiting", escalation, text, choices=self._wishes(waits=True))

    def kept_for_them(self, escalation: Escalation, quiet_since: datetime | None, *, is_held: bool) -> list[Draft]:
        """What somebody is told, if anything, who writes to people who are not there.

        Who waits is told again when to expect an answer, once nothing was said for a while. Who writes to a person who has
        the chat is told it outside of hours, when that person has been quiet for a while.
        """
        now = self._clock()
        if quiet_since is not None and now - quiet_since < (QUIET if is_held else QUIET_WAITING):
            return []
        when = self._targets.closed(escalation, now) if is_held else self._targets.when(escalation, now)
        if when is None:
            return []
        text = self._library.shelf.phrases("handoff_kept_for_them", when=when)
        return [self._draft("waiting", escalation, text, choices=self._wishes(waits=True))]

    def passed_to_another(self, escalation: Escalation) -> Draft:
        return self._draft("waiting", escalation, self._library.shelf.phrases("handoff_passed"))

    def put_off(self, escalation: Escalation, name: str, until: str) -> Draft:
        return self._draft("accepted", escalation, self._library.shelf.phrases("handoff_put_off", name=name, until=until))

    def given_back(self, escalation: Escalation, name: str) -> Draft:
        return self._draft("accepted", escalation, self._library.shelf.phrases("handoff_given_back", name=name))

    def closed(self, escalation: Escalation, name: str) -> Draft:
        """Who was in danger is never asked to rate the help."""
        text = self._library.shelf.phrases("handoff_closed_case", name=name)
        return self._draft("closed", escalation, text, **({} if escalation.is_crisis else {"feedback": True}))

    @staticmethod
    def _draft(status: str, escalation: Escalation | None, text: str, **fields: object) -> Draft:
        to = "pa" if escalation and escalation.is_with_adviser else "duty"
        reference = escalation.reference if escalation else None
        return {"kind": "handoff", "text": text, "handoff": {"status": status, "reference": reference, "to": to}, **fields}
