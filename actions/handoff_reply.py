"""One message as a reply to the handover form: which of its slots it fills."""

from __future__ import annotations

import re
from typing import Any

from actions import handoff_words as words
from actions.contact import (
    CALL,
    CHAT,
    EMAIL,
    TEXT,
    Contact,
    adviser_wish,
    is_question,
    read,
    read_reply,
    reason_in,
    refuses_adviser,
)
from actions.handoff_slots import (
    ABOUT,
    ADDRESS,
    ADVISER,
    CHANGE,
    CHANGE_IT,
    CONSENT,
    DUTY,
    ELSEWHERE,
    LONGEST_ABOUT,
    MISSES,
    NOT_ADVISER,
    NOTE,
    PA,
    PHONE,
    TIME,
    WAY,
    shortened,
)
from actions.person import TO
from actions.turn import AUTHORITY, UNKNOWN, Turn

MOST_TRIES = 3
"""Replies without a number or an address, after which they are answered in the chat."""
MOST_MISSES = 2
MOST_DIGITS_OF_NO_NUMBER = 4
"""With more, somebody tried to give a number: "07700 90012 no spaces"."""
MOST_WORDS = 5
"""Of a reply that leaves it to us: "i dont mind", "anyone is fine"."""
_PARTS = (
    (WAY, re.compile(r"\b(?:how|way)\b", re.IGNORECASE)),
    (PHONE, re.compile(r"\b(?:number|mobile|time|when|address)\b", re.IGNORECASE)),
    (ABOUT, re.compile(r"\b(?:about|name|message|reason|line)\b", re.IGNORECASE)),
)
"""What can be changed; PHONE stands for whatever they are reached by."""
MOST_WORDS_OF_A_SKIP, MOST_WORDS_OF_HOW_LONG, MOST_WORDS_OF_A_CHANGE = 4, 10, 7

IN_DANGER = frozenset(("crisis", "maybe_crisis"))
CLEAR = IN_DANGER | {"ask_entry", "frightened", "ask_identity", "delete_chat"}
FOLLOW_UPS = frozenset(
    "tell_more ask_how ask_amount ask_when ask_eligibility ask_source ask_refused ask_repay go_back".split()
)
OTHERWISE = CLEAR | FOLLOW_UPS | {"ask_which", "ask_topic", "ask_capabilities", "own_case_status", "other_language"}
"""Intents that ask for something else: rules.yml answers each of them under the active form, which then asks again."""
UNKNOWN_TO_US = frozenset(("nlu_fallback", "not_covered", "out_of_scope"))
"""Intents of a question that only the person who gets back to them can answer."""
TELLING = UNKNOWN_TO_US | {"tell_age", "tell_situation", "other_language"}
"""Intents of a message that, at the read-back, says what else the request is about."""
NOT_TOLD = frozenset(("rather_not_say", "dont_know"))
REFUSED = NOT_TOLD | {"deny"}


class Reply:
    """One message as a reply to the form's question."""

    def __init__(self, turn: Turn, asked: str | None) -> None:
        self._turn, self._asked = turn, asked
        self._text = turn.text.strip()
        self._slot = turn.tracker.get_slot

    def taken(self) -> dict[str, Any] | None:
        """The slots that it fills; None when it asks for something else."""
        if self._asked is None:
            return {MISSES: 0, **self._whom(), **self._new(read(self._text))}
        if self._turn.intent in IN_DANGER:
            return None
        if self._stops():
            return {CONSENT: False}
        if self._asks_how_long():
            return {MISSES: self._misses, NOTE: "handoff_how_long"}
        if self._says_exactly("start_again") or words.AGAIN.fullmatch(self._text):
            return None
        answered = self._answer()
        if answered is not None:
            return {MISSES: 0, **answered}
        if self._asks_otherwise():
            return None
        if self._turn.intent == "stop" and not self._takes_any:
            return {CONSENT: False}
        told = any(event["name"] != "language" for event in self._turn.events)
        if told or self._turn.intent == "ask_person":
            return {MISSES: self._misses}
        return self._missed()

    @property
    def asks_too(self) -> bool:
        """Whether what it is about is a question that an entry answers."""
        return self._asked == ABOUT and self._asks_entry and is_question(self._text) and not self._stops()

    # what each question takes

    def _answer(self) -> dict[str, Any] | None:
        answers = {
            AUTHORITY: self._council,
            TO: self._who,
            WAY: self._how,
            PHONE: self._contact,
            ADDRESS: self._contact,
            ABOUT: self._about,
            CHANGE: self._changed,
            CONSENT: self._consent,
        }
        return answers[self._asked or WAY]()

    def _council(self) -> dict[str, Any] | None:
        turn, place = self._turn, self._turn.said("place", "own")
        if not turn.knows_authority and (place or turn.intent in NOT_TOLD):
            turn.take_authority(place[0] if place else UNKNOWN)
        note = {NOTE: ELSEWHERE} if turn.elsewhere else {}
        also = {**self._whom(), **self._new(read(self._text)), **note}
        return also if also or turn.knows_authority else None

    def _who(self) -> dict[str, Any] | None:
        also = self._new(read(self._text))
        if refuses_adviser(self._text):
            return {**self._whom(), **also}
        if self._asks_entry and adviser_wish(self._text) is None:
            return also or None
        is_short = len(self._text.split()) <= MOST_WORDS
        if (
            words.PA.search(self._text)
            and not words.NOT_PA.search(self._text)
            and (is_short or adviser_wish(self._text) is not None)
        ):
            return {TO: PA, **also}
        if words.DUTY.search(self._text) or words.PA.search(self._text) or self._takes_any:
            return {TO: DUTY, **also}
        return also or None

    def _how(self) -> dict[str, Any] | None:
        asks = self._asks_entry or words.ASKS_ABOUT.search(self._text) is not None
        told = self._new(read(self._text, asked_how=not asks)) if not (asks and is_question(self._text)) else {}
        found = {**self._whom(), **told}
        if not found and self._takes_any:
            return {WAY: CHAT, NOTE: "handoff_stays"}
        return found or None

    def _contact(self) -> dict[str, Any] | None:
        before, reason = reason_in(self._text)
        contact = read_reply(before)
        found = self._new(contact)
        if contact.phone or contact.email or contact.way not in (None, self._slot(WAY)):
            about = ", ".join(filter(None, (contact.rest, reason)))
            return {**found, ABOUT: about} if about and self._slot(ABOUT) is None else found
        if self._asks_entry or sum(each.isdigit() for each in self._text) > MOST_DIGITS_OF_NO_NUMBER or "@" in self._text:
            return None
        if words.WHY.search(self._text):
            return {MISSES: self._misses, NOTE: "handoff_why"}
        accepts = self._misses + 1 == MOST_TRIES and self._turn.intent == "affirm"
        if accepts or self._turn.intent in REFUSED or words.KEEPS_IT.search(self._text) or words.HAS_NONE.search(self._text):
            return {WAY: CHAT, NOTE: "handoff_stays"}
        return None

    def _about(self) -> dict[str, Any] | None:
        if self._turn.intent == "ask_identity" and is_question(self._text):
            return None
        if self._skips():
            return {ABOUT: ""}
        contact, refuses = read(self._text), {ADVISER: NOT_ADVISER} if refuses_adviser(self._text) else {}
        asks_for = self._new(contact) if contact.way and (contact.phone or contact.email) else {}
        return {**asks_for, **(self._whom() if refuses else {}), ABOUT: shortened(self._text)}

    def _changed(self) -> dict[str, Any] | None:
        found, part = self._new(read(self._text)), self._part()
        if not found and part is None:
            found = self._new(read(self._text, asked_how=True))
        if found or part or self._turn.intent in {*REFUSED, "affirm"} or words.SKIP.fullmatch(self._text):
            return {CHANGE: None, **(found or self._without(part))}
        return None

    def _consent(self) -> dict[str, Any] | None:
        found, whom, is_short = self._new(read(self._text)), self._whom(), len(self._text.split()) <= MOST_WORDS_OF_A_CHANGE
        if whom.get(TO, self._slot(TO)) != self._slot(TO) or whom.get(ADVISER, self._slot(ADVISER)) != self._slot(ADVISER):
            found = {**found, **whom}
        if found:
            return found
        if words.SEND.fullmatch(self._text) or self._says_exactly("affirm") or words.WITH_A_SIGN.fullmatch(self._text):
            return {CONSENT: True}
        if words.INSTEAD.search(self._text) and is_short and (instead := self._new(read(self._text, asked_how=True))):
            return instead
        if (
            is_short
            and words.MY_NAME.search(self._text)
            and not words.CHANGES.search(self._text)
            and (added := self._with_this())
        ):
            return {ABOUT: added, NOTE: "handoff_added"}
        adds = reason_in(self._text)[1] or (words.ADDS.match(self._text) and not is_question(self._text))
        if adds and (added := self._with_this()):
            return {ABOUT: added, NOTE: "handoff_added"}
        time = read_reply(self._text).time if self._slot(WAY) in (CALL, TEXT) and is_short else None
        if time and not is_question(self._text):
            return {TIME: time, NOTE: "handoff_added"}
        if self._turn.intent in CLEAR:
            return None
        if self._text == CHANGE_IT or words.CHANGES.search(self._text):
            part = self._part()
            return self._without(part) if part else {CHANGE: True}
        named = read(self._text, asked_how=True)
        if named.way and is_short and not is_question(self._text) and not words.NOT_PA.search(self._text):
            return self._new(named)
        if self._turn.intent in ("affirm", "deny"):
            return {CONSENT: self._turn.intent == "affirm"}
        return None

    # inside

    @property
    def _misses(self) -> int:
        return int(self._slot(MISSES) or 0)

    @property
    def _asks_entry(self) -> bool:
        """A clear question: "can i get any help with a phone" answers nothing that the form asks."""
        return self._turn.intent == "ask_entry"

    @property
    def _takes_any(self) -> bool:
        return self._turn.intent in NOT_TOLD or bool(len(self._text.split()) <= MOST_WORDS and words.ANY.search(self._text))

    def _says_exactly(self, *intents: str) -> bool:
        return self._turn.is_exact and self._turn.intent in intents

    def _skips(self) -> bool:
        """Whether they say nothing of what it is about."""
        says_nothing = (
            words.SKIP.fullmatch(self._text)
            or words.ANY.fullmatch(self._text.strip(" .!"))
            or words.SEND.fullmatch(self._text)
        )
        is_short = len(self._text.split()) <= MOST_WORDS_OF_A_SKIP
        return bool(
            says_nothing
            or self._says_exactly("deny", "affirm", "rather_not_say")
            or (is_short and self._turn.intent in NOT_TOLD)
        )

    def _asks_how_long(self) -> bool:
        """Whether they ask how long somebody takes to get back to them: that can be told once it is sent."""
        few = len(self._text.split()) <= MOST_WORDS_OF_HOW_LONG and is_question(self._text)
        asks_when = self._turn.intent == "ask_when" and self._turn.entry is None
        return few and (asks_when or words.HOW_LONG.search(self._text) is not None)

    def _stops(self) -> bool:
        if self._asked in (PHONE, ADDRESS) and words.KEEPS_IT.search(self._text):
            return False
        declines = self._asked in (AUTHORITY, TO, WAY) and words.DECLINES.fullmatch(self._text)
        softly = self._asked != CHANGE and words.SOFT_STOP.fullmatch(self._text)
        return bool(declines or softly or words.STOP.fullmatch(self._text)) or self._says_exactly("stop")

    def _asks_otherwise(self) -> bool:
        turn = self._turn
        if (turn.intent in FOLLOW_UPS and turn.entry is None) or (turn.intent == "ask_topic" and turn.topic is None):
            return False
        if turn.intent == "other_language" and words.NAME.fullmatch(self._text):
            return False
        awaits_contact = self._asked in (PHONE, ADDRESS) and not is_question(self._text)
        return turn.intent in (CLEAR if awaits_contact else OTHERWISE)

    def _whom(self) -> dict[str, Any]:
        """Whom they want. Where no link says who their adviser is, duty passes it on: nobody is told who works there."""
        if refuses_adviser(self._text):
            return {TO: DUTY, ADVISER: NOT_ADVISER, NOTE: "handoff_not_adviser"}
        wish = adviser_wish(self._text)
        if self._slot("has_pa"):
            return {TO: PA} if wish is not None else {TO: DUTY} if words.DUTY_TEAM.search(self._text) else {}
        found = {TO: DUTY} if self._slot(TO) is None else {}
        return found if wish is None else {**found, ADVISER: wish, NOTE: "handoff_adviser"}

    def _new(self, contact: Contact) -> dict[str, Any]:
        """What is said of how to reach them and was not known."""
        way = contact.way
        if contact.phone and way is None and self._slot(WAY) in (CHAT, EMAIL):
            way = CALL
        about = reason_in(self._text)[1] if self._slot(ABOUT) is None else None
        told = {
            WAY: way,
            PHONE: contact.phone,
            ADDRESS: contact.email,
            TIME: contact.time,
            ABOUT: shortened(about) if about else None,
        }
        return {slot: value for slot, value in told.items() if value is not None and value != self._slot(slot)}

    def _part(self) -> str | None:
        """What they want to change."""
        return next((slot for slot, words in _PARTS if words.search(self._text)), None)

    def _without(self, part: str | None) -> dict[str, Any]:
        """What is forgotten of the request, so that it is asked for again."""
        if part != PHONE:
            return {part: None} if part else {}
        way = self._slot(WAY)
        return {WAY: None} if way == CHAT else {ADDRESS: None} if way == EMAIL else {PHONE: None, TIME: None}

    def _added(self) -> str | None:
        """What it is about with this message added, where the message says something and there is room."""
        return self._with_this() if self._turn.intent in TELLING else None

    def _with_this(self) -> str | None:
        whole = "\n".join(filter(None, (self._slot(ABOUT), self._text)))
        return whole if len(whole) <= LONGEST_ABOUT else None

    def _missed(self) -> dict[str, Any]:
        """Nothing was understood: ask again, and in the end take what asks least of them. Consent is never taken."""
        misses = self._misses + 1
        if self._asked == CONSENT and (added := self._added()):
            return {MISSES: 0, ABOUT: added, NOTE: "handoff_added"}
        if self._turn.intent in UNKNOWN_TO_US and is_question(self._text):
            return {MISSES: self._misses, NOTE: "handoff_unknown"}
        if self._asked == AUTHORITY:
            self._turn.take_authority(UNKNOWN)
            return {MISSES: 0}
        if self._asked in (PHONE, ADDRESS):
            time = {TIME: said} if (said := read_reply(self._text).time) else {}
            if misses == MOST_TRIES:
                return {MISSES: 0, WAY: CHAT, NOTE: "handoff_stays", **time}
            wrong = "handoff_phone_wrong" if self._asked == PHONE else "handoff_email_wrong"
            if time and not self._slot(TIME):
                return {MISSES: misses, NOTE: "handoff_added", **time}
            return {MISSES: misses, NOTE: wrong if misses == 1 else "handoff_offer_chat", **time}
        least: dict[str, dict[str, Any]] = {TO: {TO: DUTY}, WAY: {WAY: CHAT, NOTE: "handoff_stays"}, CHANGE: {CHANGE: None}}
        if misses >= MOST_MISSES and self._asked in least:
            return {MISSES: 0, **least[self._asked]}
        return {MISSES: misses, NOTE: "handoff_again"}
