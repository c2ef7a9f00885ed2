"""What a message says of reaching somebody: whom they want, by which way, on which number or address, and when."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

import phonenumbers
from email_validator import EmailNotValidError, validate_email

CHAT, CALL, TEXT, EMAIL = "chat", "call", "text", "email"
REGION, COUNTRY_CODE = "GB", 44
"""Where a number without a country code belongs."""
DIGITS = 10
"""Of a British number without its first 0. Shorter ones are only taken when they are in use, as 0800 1111 is."""
MOST_DIGITS = 15
LONGEST_TIME = 100
LONGEST = 500
"""Letters of a message that are read: its beginning. Who gives a number does not write a letter."""
MOST_GROUPS = 8
"""Groups of digits that a number is written in."""

_ME = r"(?:me|us)"
_WAYS = {
    CALL: rf"(?:call|ring|phone|fone|bell|buzz)\s+{_ME}\b(?:\s+(?:back|up))?"
    rf"|(?:give|gi|gimme|gis)\s*{_ME}?\s*a\s+(?:call|ring|bell|buzz|phone)"
    r"|(?:call|ring|phone)\s+back|callback|by\s+(?:tele)?phone"
    r"|(?:talk|speak|chat)\b[^.?!]{0,20}\b(?:on|over|by|down)\s+the\s+phone",
    TEXT: rf"(?:text|txt|sms|whatsapp)\s+{_ME}\b(?:\s+back)?|(?:send|drop)\s+{_ME}\s+a\s+(?:text|txt)|by\s+(?:text|sms)",
    EMAIL: rf"e-?mail\s+{_ME}\b(?:\s+back)?|(?:send|drop)\s+{_ME}\s+an\s+e-?mail|by\s+e-?mail",
    CHAT: rf"(?:talk|speak|reply|answer|message|msg|write|chat)\b(?:\s+to)?(?:\s+{_ME})?(?:\s+back)?\s+(?:on\s+|in\s+)?"
    r"(?:here|this\s+chat)|stay\s+(?:on\s+|in\s+)?(?:here|this\s+chat|the\s+chat)",
}
"""What asks for a way, wherever it is said."""
_BARE = {
    CALL: r"calls?|calling|ring|phone|fone|bell|voice",
    TEXT: r"texts?|txt|sms|whatsapp|wapp",
    EMAIL: r"e-?mails?|mail",
    CHAT: r"here|chat|messages?|msg|online",
}
"""What is enough in reply to the question how."""
_NOT = re.compile(
    r"\b(?:do not|don'?t|dnt|not|no|never|hate|without|can'?t|cannot)"
    r"(?:\s+(?:want|wanna|like|to|do|you|u|them|please|ever|take|answer|use|a|any|my|the|talk on|speak on))*\s*$"
)
_REFUSES = re.compile(r"\b(?:not|don'?t|dnt|isn'?t|old|wrong|never)\b", re.IGNORECASE)
_EMAIL = re.compile(r"[^\s<>(),;:\"]+@[^\s<>(),;:\"]+")
_NUMBER = re.compile(r"[+(\d][\d\s().+/-]*\d")
_CLOCK = r"(?:\d{1,2}[:.]\d{2}\s*(?:am|pm)?|\d{1,2}\s*(?:am|pm)|(?:1[0-2]|[1-9])\s*(?:ish|o'?clock)?)(?![\d/])"
_DAY = (
    r"(?:(?:mon|tues?|wed(?:nes)?|thu(?:r|rs)?|fri|sat(?:ur)?|sun)(?:day)?s?|weekdays?|weekends?|today|tomorrow|tmrw|tomoz"
    r"|2moro|tonight|mornings?|afternoons?|evenings?|nights?|noon|midday|lunch(?:\s*time)?|tea\s*time|any\s*time|whenever)"
)
_FROM = r"(?:after|before|between|around|round|from|until|till|til|by|at|past|half past|quarter (?:past|to))"
_SHARP = r"(?:\d{1,2}[:.]\d{2}\s*(?:am|pm)?|\d{1,2}\s*(?:am|pm))(?!\d)"
_WHEN = (
    rf"(?:{_DAY}|{_SHARP}|{_FROM}\s+(?:the\s+)?(?:{_CLOCK}|{_DAY}|school|college|work|uni|lunch)"
    rf"|{_CLOCK}\s*(?:to|-|–|and|or)\s*{_CLOCK})"
)
_TIME = re.compile(
    r"[\s,.;:-]*(?:(?:please|pls|plz|back|up|on it|sometime|best|only)\s+)*"
    rf"((?:(?:on|in the|in|at|this|next|any|every)\s+)?{_WHEN}"
    rf"(?:[\s,]*(?:(?:and|or|but not|to|on|in the|in|at|this|next)\s+)?(?:{_WHEN}|{_CLOCK}))*)\b",
    re.IGNORECASE,
)
_ROUND_A_NUMBER = re.compile(
    r"(?:\b(?:hi|hey|ok|okay|yes|yeah|yh|ye|its|it'?s|it is|this is|my|me|mobile|mob|phone|fone|number|num|no|nr|is|call"
    r"|ring|text|txt|on|at|the|so|and|please|pls|plz|thanks|thank you|thx|ty|ta|cheers|x+)\b[\s,.;:!-]*)+",
    re.IGNORECASE,
)
_LIMITS = re.compile(rf"\b(?:{_WHEN}|when|while|if|unless|only|not|don'?t|out|home)\b", re.IGNORECASE)
"""What makes words before a number say when."""
_TIMELY = re.compile(
    rf"{_LIMITS.pattern}|\b(?:any|always|all|days?|hours?|hrs?|mins?|minutes|week|late|later|early|soon|now|asap|next"
    r"|school|college|uni|work|shift|free|busy|available)\b|\d",
    re.IGNORECASE,
)
"""What can be meant to say when; "im Zoë" beside a number says who."""
_LED = r"(?:(?:hi|hey|hiya|ok|okay|so|and|but|also|um|btw|wait|actually|please|pls|quick question|sorry)[\s,.!:-]+)*"
_QUESTION = re.compile(
    rf"\?[\s!?.]*$|^\s*{_LED}(?:wh?at|wot|wt|whats|wats|wots|what's|how|hows|can|could|do|does|did|am|is|are|where|when|who|which|will"
    r"|would|should|shud|why)\b",
    re.IGNORECASE,
)
_ADVISER = r"(?:p\.?\s?a\.?(?!\w)|personal\s+advis[eo]r|advis[eo]r)"
_WISH = re.compile(
    rf"(?:\b(?:get|fetch|want|need|tell|ask|let|have|message|msg|text|call|ring|phone|contact|reach|find|see|can|could|will|for"
    r"|(?:hold|touch)\s+(?:of|with)|(?:talk|speak|chat|word|through|thru|over|it|this|connect me|put me)\s+(?:to|with))"
    rf"\s+(?:to\s+)?(?:(?:me|us)\s+)?|^\s*)(?:my|me|mi)\s+(?:own\s+)?{_ADVISER}"
    r"(?!\s+(?:changed?|gone|sacked|removed|off|replaced|swapped|ignor\w*|never|hardly|always|keeps?|hates?|left|does\w*|did\w*"
    r"|wont|won'?t|isn'?t|is\s+(?:not|always|never|an?|so|such|rude|useless)|has\w*|shout\w*|bull\w*))",
    re.IGNORECASE,
)
_NOT_ADVISER = re.compile(
    rf"\b(?:not|don'?t|dnt|do\s+not|isn'?t|no|without|except|never|rather\s+than|instead\s+of|other\s+than|behind)\b[^.?!,]{{0,40}}?"
    rf"\b(?:my|me|mi)\s+(?:own\s+)?{_ADVISER}|\b(?:some|any)\s?(?:one|body)\b[^.?!,]{{0,20}}\b(?:not|isn'?t|aint)\s+(?:my|me)\s+"
    rf"{_ADVISER}",
    re.IGNORECASE,
)
_ASKS_OF_ADVISER = re.compile(
    rf"\b(?:will|can|could|does|do|would)\s+(?:my|me|mi)\s+(?:own\s+)?{_ADVISER}\s+(?:see|know|read|hear|find|be|get)\b",
    re.IGNORECASE,
)
"""Asks what they will be told; it wishes for nobody."""
_NO_ANSWER = re.compile(
    r"(?:don'?t|dont|dnt|not|never|no)\s+(?:know|have|got|seen?|met|heard?|sure|idea)|(?:don'?t|dont|not|never|can'?t|cant|no)\b"
    r"[^.?!]{0,15}\b(?:reach|get (?:through|thru|hold)|answer\w*|ring\w*|call\w*|reply\w*|repl\w*)",
    re.IGNORECASE,
)
"""Who cannot reach their adviser, or does not know them, does not mean that they should not see it."""
_NAME = r"[A-Z][\w'’-]+(?:\s+[A-Z][\w'’-]+)?"
_NAME_AFTER = re.compile(
    rf"(?:\s|,|'s|is\b|name\b)*\s(?!(?:Please|Pls|Now|And|But|To|She|He|They|The|Im|I'm|ASAP)\b)({_NAME})"
)
_NAMED_BEFORE = re.compile(
    rf"\b(?i:to|with|get|call|ring|text|message|msg|reach|for)\s+({_NAME})\b[\s,.(-]*"
    rf"(?i:(?:she|he|they)?\W?\s?(?:s|is|re|are)|who\W?\s?(?:s|is))\s+(?i:my\s+(?:own\s+)?{_ADVISER})"
)
"""Janet, she's my PA."""
_REASON = re.compile(
    r"(?:^|[\s,.;!(-])((?:it'?s|it is|this is|that'?s)\s+(?:actually\s+|all\s+|just\s+)?(?:about|to do with)\s+\S.*)$",
    re.IGNORECASE | re.DOTALL,
)
_NAMED_AFTER = re.compile(rf"[^?!]{{0,12}}\b(?i:called|named|name\s+is|name's)\s+({_NAME}|[^\W\d][\w'’-]+)")


@dataclass(frozen=True)
class Contact:
    """What was said; None for what was not. `phone` is written as one dials it from England."""

    way: str | None = None
    phone: str | None = None
    email: str | None = None
    time: str | None = None
    rest: str | None = None
    """What stands beside a number and says neither how nor when: a name, a reason."""


def read(text: str, *, asked_how: bool = False) -> Contact:
    """What any message says of it. A time counts where it follows the way or the number.

    Elsewhere ("kicked out tonight") it is about something else. In reply to the question how, one word is enough for a way.
    """
    text = text[:LONGEST]
    phone, email, way = phone_in(text), email_in(text), _way_in(text, asked_how=asked_how)
    ends = [each[1].end for each in (phone, way) if each]
    times = [match[1] for end in ends if (match := _TIME.match(text, end))]
    return Contact(
        way[0] if way else EMAIL if email else None,
        phone[0] if phone else None,
        email,
        _short(times[0]) if times else None,
    )


def read_reply(text: str) -> Contact:
    """What a reply to "which number, and when" says: what stands beside the number is the time, as written, or the rest."""
    text = text[:LONGEST]
    known = read(text)
    found = phone_in(text, anything=True)
    if found is None:
        match = _TIME.match(text)
        return Contact(known.way, None, known.email, known.time or (_short(match[1]) if match else None))
    number, span = found
    before, after = text[: span.start], text[span.end :]
    said = [
        _ROUND_A_NUMBER.sub(" ", before) if _LIMITS.search(before) else "",
        _ROUND_A_NUMBER.sub("", after).strip() and after,
    ]
    beside = " ".join(" ".join(said).split()).strip(" ,.;:-()") or None
    if beside and _TIMELY.search(beside):
        return Contact(known.way, number, time=_short(beside))
    return Contact(known.way, number, rest=beside)


def reason_in(text: str) -> tuple[str, str | None]:
    """A text in two: what stands before somebody says what it is about, and that."""
    match = _REASON.search(text)
    return (text[: match.start()], match[1].strip()) if match else (text, None)


def is_question(text: str) -> bool:
    """Whether a text is plainly put as a question."""
    return _QUESTION.search(text) is not None


@dataclass(frozen=True)
class Span:
    start: int
    end: int


def phone_in(text: str, *, anything: bool = False) -> tuple[str, Span] | None:
    """The telephone number, British or foreign. Without `anything` it must look like one: 0 or + comes first.

    Of several it is the first; of several with a "not" among them the last: "that is my mum's, dont call it, call ...".
    """
    found = list(_phones_in(text, anything=anything))
    return found[-1 if len(found) > 1 and _REFUSES.search(text) else 0] if found else None


def _phones_in(text: str, *, anything: bool) -> Iterator[tuple[str, Span]]:
    for run in _NUMBER.finditer(text):
        groups = [Span(run.start() + each.start(), run.start() + each.end()) for each in re.finditer(r"\S+", run[0])]
        for span in _windows(groups):
            written = text[span.start : span.end]
            looks_right = written.lstrip("(").startswith(("0", "+", "44")) or (anything and span.start == run.start())
            if looks_right and (number := _dialled(written)):
                yield number, span
                break


def email_in(text: str) -> str | None:
    """The first e-mail address that could exist; nobody is asked whether it does."""
    for match in _EMAIL.finditer(re.sub(r"\s+@\s*|@\s+", "@", text)):
        try:
            return str(validate_email(match[0].strip(".,!?'"), check_deliverability=False).normalized)
        except EmailNotValidError:
            continue
    return None


def adviser_wish(text: str) -> str | None:
    """Whom somebody wants who asks for their own adviser: a name, or "" without one; None when they do not ask for them."""
    if refuses_adviser(text) or _ASKS_OF_ADVISER.search(text[:LONGEST]):
        return None
    wish = _WISH.search(text[:LONGEST])
    if before := _NAMED_BEFORE.search(text[:LONGEST]):
        return before[1][:LONGEST_TIME]
    if wish is None:
        return None
    rest = text[wish.end() : LONGEST]
    named = _NAMED_AFTER.match(rest) or (None if text.isupper() else _NAME_AFTER.match(rest))
    return named[1][:LONGEST_TIME] if named else ""


def refuses_adviser(text: str) -> bool:
    """Whether somebody says that it is not for their own adviser."""
    refused = _NOT_ADVISER.search(text[:LONGEST])
    return refused is not None and not _NO_ANSWER.search(refused[0])


def _way_in(text: str, *, asked_how: bool) -> tuple[str, Span] | None:
    """The first way that is named and not refused."""
    low = text.lower().replace("’", "'")
    found: list[tuple[int, str, Span]] = []
    for way, words in _WAYS.items():
        pattern = rf"\b(?:{words}|{_BARE[way]})\b" if asked_how else rf"\b(?:{words})(?!\w)"
        found.extend(
            (match.start(), way, Span(match.start(), match.end()))
            for match in re.finditer(pattern, low)
            if not _NOT.search(low[: match.start()])
        )
    _, way, span = min(found, default=(0, "", Span(0, 0)))
    return (way, span) if way else None


def _windows(groups: list[Span]) -> Iterator[Span]:
    """Neighbouring groups of digits taken together, the most first: "07700 900123 4" holds a number and a time."""
    for size in range(min(len(groups), MOST_GROUPS), 0, -1):
        for first in range(len(groups) - size + 1):
            yield Span(groups[first].start, groups[first + size - 1].end)


def _dialled(written: str) -> str | None:
    """The number as one dials it, when it is in use or could be; None when it is too short or too long."""
    if sum(each.isdigit() for each in written) > MOST_DIGITS:
        return None
    try:
        number = phonenumbers.parse(written, REGION)
    except phonenumbers.NumberParseException:
        return None
    is_british = number.country_code == COUNTRY_CODE
    length = phonenumbers.is_possible_number_with_reason(number)
    is_whole = length == phonenumbers.ValidationResult.IS_POSSIBLE
    if not phonenumbers.is_valid_number(number) and not (
        is_whole and (not is_british or len(str(number.national_number)) == DIGITS)
    ):
        return None
    form = phonenumbers.PhoneNumberFormat.NATIONAL if is_british else phonenumbers.PhoneNumberFormat.INTERNATIONAL
    return phonenumbers.format_number(number, form)


def _short(time: str) -> str:
    return time.strip()[:LONGEST_TIME]
