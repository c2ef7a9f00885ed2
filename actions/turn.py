"""One turn of a conversation as the actions see it: what was said, what is known, and what is said back."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from rasa_sdk import Tracker
from rasa_sdk.events import ActiveLoop, FollowupAction, SlotSet
from rasa_sdk.executor import CollectingDispatcher

from content.answer import Answer
from content.eligibility import AGE
from content.language import Language
from content.library import Shelf
from content.model import Circumstances, Entry, Situation, Source

FORM, HANDOFF_FORM = "circumstances_form", "handoff_form"
UNKNOWN, DECLINED = "unknown", "declined"
AUTHORITY = "authority"
ENGLISH = "en"
MOST_CHOICES = 3
MOST_EARLIER = 5
"""Entries that one can go back to."""
PERSON = {"label": "Talk to a person", "value": "Talk to a person"}
MORE = {"label": "Tell me more", "value": "Tell me more"}
ELSE = {"label": "Something else", "value": "Something else"}


class Turn:
    """Reads one message and its conversation, collects what is said and which events follow.

    What the message says of its writer counts at once: what is said stays, what is only supposed counts for this turn.
    Unless it `hears`, nothing of that counts: a name or a telephone number tells neither council nor language.
    """

    def __init__(self, dispatcher: CollectingDispatcher, tracker: Tracker, shelf: Shelf, *, hears: bool = True) -> None:
        self._dispatcher = dispatcher
        self.tracker = tracker
        self.shelf = shelf
        self.phrase = shelf.phrases
        self.events: list[dict[str, Any]] = []
        self._message: dict[str, Any] = dict(tracker.latest_message or {})
        if not hears:
            self._message.update(entities=[], language=None)
        self.intent: str = (self._message.get("intent") or {}).get("name") or ""
        self.language = self._known_language()
        self._authority = self._known_authority()
        self._age = self._known_age()
        self._situations = self._known_situations()

    # what was said

    @property
    def text(self) -> str:
        return self._message.get("text") or ""

    @property
    def is_exact(self) -> bool:
        """Whether the message stands word for word among the examples of its intent."""
        return bool((self._message.get("intent") or {}).get("confidence") == 1.0)

    @property
    def entries(self) -> list[str]:
        """The entries that this message asks for and that are still published."""
        return self._published(self._message.get("entries"))

    @property
    def near(self) -> list[str]:
        return self._published(self._message.get("near"))

    @property
    def topic(self) -> str | None:
        return self._message.get("topic")

    @property
    def danger(self) -> str | None:
        """The kind of danger that the crisis screen heard."""
        return self._message.get("danger")

    @property
    def left_over(self) -> int:
        """Further questions in the message, beyond those that are answered at once."""
        return int(self._message.get("left_over") or 0)

    @property
    def states_circumstances(self) -> bool:
        """Whether the message tells something of its writer that an answer may depend on."""
        told = any(self.said(fact, "own", "no", "supposed") for fact in (AUTHORITY, "elsewhere", AGE, "situation"))
        return told or bool(self.said("place", "own"))

    @property
    def fitting(self) -> list[str]:
        """The entries that are offered first to who is in a situation that this message tells."""
        told = [Situation(name) for name in self.said("situation", "own", "supposed")]
        return self._published(dict.fromkeys(id for each in told for id in self.phrase.situations[each].first))

    def said(self, fact: str, *roles: str) -> list[str]:
        """The values that this message gives for a fact, in these roles."""
        return [
            entity["value"]
            for entity in self._message.get("entities") or ()
            if entity["entity"] == fact and entity.get("role") in roles
        ]

    # what is known

    @property
    def entry(self) -> Entry | None:
        """The entry last answered."""
        return self.shelf.entries.get(self.tracker.get_slot("entry"))

    @property
    def council(self) -> str | None:
        """The council's id, when it is one that we know."""
        return self._authority if self._authority in self.shelf.authorities else None

    @property
    def elsewhere(self) -> str | None:
        """The name of a council whose offer we do not hold."""
        return None if self._authority in (None, UNKNOWN) or self.council else self._authority

    @property
    def knows_authority(self) -> bool:
        """Whether the council was told, or was said not to be known."""
        return self._authority is not None

    @property
    def has_asked(self) -> list[str]:
        return list(self.tracker.get_slot("asked") or ())

    @property
    def in_form(self) -> bool:
        return self._loop == FORM

    @property
    def in_handoff(self) -> bool:
        """Whether a request for a person is being taken down: that asks enough, so no answer asks for anything."""
        return self._loop == HANDOFF_FORM

    @property
    def _loop(self) -> str | None:
        return (self.tracker.active_loop or {}).get("name")

    @property
    def circumstances(self) -> Circumstances:
        supposed = self.said(AGE, "supposed")
        age = supposed[0] if supposed else self._age
        declined = {name for name, value in self._situations.items() if value == DECLINED}
        if age == DECLINED:
            declined.add(AGE)
        situations = {Situation(name): value for name, value in self._situations.items() if value != DECLINED}
        for name in self.said("situation", "supposed"):
            situations[Situation(name)] = True
        years = int(age) if age not in (None, DECLINED) else None
        return Circumstances(age=years, situations=situations, declined=frozenset(declined))

    def _known_language(self) -> Language | None:
        """The language in which the person writes when it is not English; one message in clear English ends it."""
        told, known = self._message.get("language"), self.tracker.get_slot("language")
        if told == ENGLISH and self.in_handoff:
            told = None  # its quick replies are English, whoever picks them
        code = known if told is None else None if told == ENGLISH else told
        if code != known:
            self.remember(language=code)
        return self.shelf.languages.get(code or "")

    def _known_authority(self) -> str | None:
        """The council that this message tells, else the one known before; a place alone tells one when none is known."""
        known: str | None = self.tracker.get_slot(AUTHORITY)
        told = [*self.said(AUTHORITY, "own"), *self.said("elsewhere", "own")]
        supposed = self.said(AUTHORITY, "supposed")
        if supposed and known not in self.shelf.authorities:
            told = told or supposed
        elif supposed and not told:
            return supposed[0]
        if not told and known == UNKNOWN:
            told = self.said("place", "own")
        if told and told[0] != known:
            self.remember(authority=told[0])
        return told[0] if told else known

    def _known_age(self) -> Any:
        known, told = self.tracker.get_slot(AGE), self.said(AGE, "own")
        if told and told[0] != known:
            self.remember(age=told[0])
        return told[0] if told else known

    def _known_situations(self) -> dict[str, Any]:
        """What was known, what this message adds, and the answer to a question about one situation."""
        known = dict(self.tracker.get_slot("situations") or {})
        before = dict(known)
        known.update(dict.fromkeys(self.said("situation", "own"), True))
        known.update(dict.fromkeys(self.said("situation", "no"), False))
        wanted, answer = self.tracker.get_slot("wanted"), self.tracker.get_slot("situation")
        if answer is not None and wanted not in (None, AUTHORITY, AGE):
            # A situation named in reply to a question about another one leaves that other one open, not denied.
            if isinstance(answer, bool) or answer == DECLINED:
                known[wanted] = answer
            else:
                known.setdefault(wanted, answer == wanted or DECLINED)
        if known != before:
            self.remember(situations=known)
        return known

    def take_authority(self, value: str) -> None:
        self._authority = value
        self.remember(authority=value)

    def decline(self, fact: str) -> None:
        """The person does not know it or would rather not say."""
        if fact == AGE:
            self._age = DECLINED
            self.remember(age=DECLINED)
        else:
            self._situations = {**self._situations, fact: DECLINED}
            self.remember(situations=self._situations)

    # what follows

    def remember(self, **slots: Any) -> None:
        self.events.extend(SlotSet(name, value) for name, value in slots.items())

    def show(self, entry: str) -> None:
        """Remember the entry that follow-ups are about from now on, and the one before, to go back to."""
        known = self.tracker.get_slot("entry")
        if known != entry:
            earlier = [*(self.tracker.get_slot("earlier") or ()), *([known] if known else [])]
            self.remember(entry=entry, earlier=earlier[-MOST_EARLIER:])

    def leave_form(self) -> None:
        """Stop waiting for a circumstance: another subject has come up."""
        if self.in_form:
            self.events.extend([ActiveLoop(None), SlotSet("requested_slot", None)])

    def ask_for(self, fact: str) -> None:
        """Let the form ask for the council, the age, or one situation.

        Only the form may follow by name: it ends in waiting for the person. After another action no rule would say what
        comes next, and the policy would go on choosing until its limit.
        """
        self.remember(wanted=fact, asked=[*self.has_asked, fact])
        if fact not in (AUTHORITY, AGE):
            self.remember(situation=None)
        self.events.append(FollowupAction(FORM))

    # what is said

    def say(self, kind: str, text: str, *, choices: Sequence[dict[str, str]] = (), **fields: Any) -> None:
        """Send one message, as the public API describes it. The buttons are what `rasa shell` shows of the choices.

        `language` among the fields is the text's own, when it is not English; `spoken` tells what the person writes in,
        `council` which council is known.
        """
        reply = {"kind": kind, "text": text, "choices": list(choices), **fields}
        if self.language:
            reply["spoken"] = self.language.code
        if self.council:
            reply["council"] = self.council
        buttons = [{"title": choice["label"], "payload": choice["value"]} for choice in choices]
        self._dispatcher.utter_message(text=text, buttons=buttons, reply=reply)

    def tell(self, answer: Answer, *, briefly: bool = False, again: bool = False) -> None:
        """Send one answer with its sources and what to ask next; briefly when it was told in full just before.

        Who gets the same answer `again` is told so and offered a person.
        """
        text = self._words(answer.brief if briefly else answer.text, answer)
        choices = self._next(answer)
        if again:
            text = f"{self.phrase('said_before')}\n\n{text}"
            choices = [PERSON, *(choice for choice in choices if choice != PERSON)]
        self.say(
            "answer",
            text,
            entry=answer.offer.entry.id,
            authority=answer.offer.authority,
            sources=self.sources(answer),
            choices=choices,
        )

    def has_told(self, answer: Answer) -> bool:
        """Whether this answer, word for word, is among the replies to the last messages."""
        text = self._words(answer.text, answer)
        return any(event["event"] == "bot" and (event.get("text") or "").endswith(text) for event in self.tracker.events)

    def _words(self, text: str, answer: Answer) -> str:
        if answer.offer.council is None and len(self.shelf.councils) > 1 and not self._is_national(answer):
            return f"{text}\n\n{self.phrase('each_council')}"
        return text

    def tell_of(self, entry: Entry, text: str, *, choices: Sequence[dict[str, str]] = ()) -> None:
        """Send a follow-up on an entry, under the same sources."""
        answer = self.shelf.answers(entry.id, self.council, self.circumstances)[0]
        self.say(
            "answer",
            text,
            entry=entry.id,
            authority=answer.offer.authority,
            sources=self.sources(answer),
            choices=choices or self.choices(entry.next)[:MOST_CHOICES],
        )

    def sources(self, answer: Answer) -> list[dict[str, Any]]:
        return [self._source(source) for source in answer.offer.sources]

    def _source(self, source: Source) -> dict[str, Any]:
        return {
            "title": source.title,
            "publisher": source.publisher,
            "url": source.url,
            "checked_on": source.dated,
            "checked": self.shelf.composer.checked(source),
        }

    def choices(self, entries: Iterable[str]) -> list[dict[str, str]]:
        """Quick replies that lead to entries."""
        return [
            {"label": entry.label, "value": entry.title, "entry": entry.id}
            for id in entries
            if (entry := self.shelf.entries.get(id))
        ]

    def topics(self) -> list[dict[str, str]]:
        return [{"label": topic.title, "value": topic.title} for topic in self.shelf.topics]

    def councils(self) -> list[dict[str, str]]:
        return [{"label": council.label, "value": council.label} for council in self.shelf.councils]

    def _next(self, answer: Answer) -> list[dict[str, str]]:
        """What to tap next: what else may have been meant comes before what people ask next."""
        first = self.choices([answer.instead] if answer.instead else [])
        if answer.more:
            first.append(MORE)
        if answer.offer.is_gap:
            first.append(PERSON)
        told = {answer.instead, answer.offer.entry.id, *self.entries}
        meant = self.choices(id for id in self.near if id not in told)
        following = self.choices(id for id in answer.offer.entry.next if id not in {*told, *self.near})
        return [*first, *meant, *following][: max(MOST_CHOICES, len(first) + len(meant))]

    def _is_national(self, answer: Answer) -> bool:
        return not self.shelf.depends_on_council(answer.offer.entry.id)

    def _published(self, ids: Iterable[str] | None) -> list[str]:
        return [id for id in ids or () if id in self.shelf.entries]
