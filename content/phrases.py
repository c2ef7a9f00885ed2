"""The fixed sentences of the assistant: which there are, and what each may be filled with."""

from __future__ import annotations

import string
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from content.model import Situation

PLACEHOLDERS: dict[str, frozenset[str]] = {
    name: frozenset(fields.split())
    for name, fields in {
        "must": "", "may": "", "refused": "", "confirm": "", "fits_age": "age", "fits": "", "not_ages": "ages age",
        "not_situation": "who", "depends_age": "ages", "depends_situation": "who", "unsure_age": "ages age",
        "instead": "lead", "gap": "council about", "gap_how": "team", "national": "lead", "each_council": "",
        "last_checked": "date", "undated": "", "no_more": "", "no_how": "", "no_amount": "", "no_source": "",
        "source": "title publisher checked", "repay": "", "when": "", "nothing_yet": "",
        "stays": "about", "said_before": "", "delete_chat": "",
        "sorry_to_hear": "", "greet": "", "goodbye": "", "thank": "", "react": "", "affirm": "", "deny": "",
        "identity": "", "capabilities": "", "ask_authority": "", "ask_authority_place": "place",
        "assume_authority": "council", "ask_age": "", "ask_topic": "", "ask_which": "", "ask_which_topic": "topic",
        "ask_other": "", "may_help": "", "noted": "", "noted_which": "", "noted_council": "council",
        "not_understood": "", "not_understood_again": "",
        "out_of_scope": "", "not_covered": "", "other_language": "", "needs_interpreter": "language", "more_asked": "",
        "own_case": "", "other_council": "place", "too_young": "", "too_old": "", "refusal": "", "not_helpful": "",
        "not_helpful_yet": "",
        "not_helpful_again": "", "nothing_earlier": "", "wrong_topic": "", "stopped": "", "restarted": "",
        "person": "team", "person_unknown_council": "teams", "person_emergency": "emergency", "opening": "",
        "handoff_first": "team", "handoff_first_any": "teams", "handoff_adviser": "", "handoff_to": "", "handoff_way": "",
        "handoff_phone": "", "handoff_phone_wrong": "", "handoff_email": "", "handoff_email_wrong": "",
        "handoff_offer_chat": "", "handoff_stays": "", "handoff_about": "", "handoff_change": "", "handoff_again": "",
        "handoff_first_closed": "emergency", "handoff_added": "", "handoff_unknown": "", "handoff_how_long": "",
        "handoff_not_adviser": "", "handoff_not_for_adviser": "",
        "handoff_sorry": "", "handoff_identity": "", "handoff_why": "",
        "handoff_read_back": "who", "handoff_by_chat": "contact", "handoff_by_call": "contact",
        "handoff_by_text": "contact", "handoff_by_email": "contact", "handoff_good_time": "time", "handoff_reason": "about",
        "handoff_consent": "", "handoff_speaks": "language", "handoff_for_adviser": "", "handoff_for_named": "name",
        "handoff_passed_on": "", "handoff_stopped": "", "long_message": "", "engine_away": "team",
        "crisis_council": "number name",
        "handoff_to_team": "council", "handoff_to_duty": "", "handoff_to_pa": "", "handoff_sent": "to reference",
        "handoff_sent_again": "to reference",
        "handoff_expect": "due", "handoff_pa_away": "", "handoff_pa_late": "", "handoff_emergency": "emergency",
        "handoff_closed": "opens due", "handoff_sent_chat": "", "handoff_sent_other": "",
        "handoff_direct": "", "handoff_meanwhile": "", "handoff_withdraw": "", "handoff_resumed": "",
        "handoff_withdrawn": "", "handoff_kept": "",
        "handoff_taken": "name to", "handoff_taken_other": "name to", "handoff_taken_pa": "name",
        "handoff_taken_other_pa": "name", "handoff_passed": "", "handoff_unanswered": "", "handoff_kept_for_them": "when",
        "handoff_still_open": "to reference when", "handoff_adds": "to reference",
        "handoff_put_off": "name until", "handoff_given_back": "name", "handoff_closed_case": "name",
        "crisis_any_team": "", "crisis_told": "team reference",
        "crisis_told_again": "", "crisis_not_told": "", "crisis_check_in": "",
        "crisis_check_in_numbers": "emergency samaritans", "crisis_safe": "", "crisis_not_safe": "",
        "crisis_glad": "samaritans", "crisis_go_on": "", "crisis_taken_back": "samaritans",
        "crisis_still_here": "samaritans emergency",
        "crisis_still_here_again": "samaritans emergency",
    }.items()
}  # fmt: skip
"""Each phrase's name, and the names in braces that it may use."""


@dataclass(frozen=True)
class SituationWords:
    """How a situation is asked about, how the people in it are described, and the entries that are offered to them first."""

    question: str
    who: str
    first: tuple[str, ...]


class Phrases:
    """The sentences, ready to be filled."""

    def __init__(self, document: Mapping[str, Any]) -> None:
        self._sentences: Mapping[str, str] = document["phrases"]
        self.situations = {
            Situation(name): SituationWords(row["question"], row["who"], tuple(row["first"]))
            for name, row in document["situations"].items()
        }

    def __call__(self, name: str, /, **values: object) -> str:
        return self._sentences[name].format(**values)


def faults_of_sentences(
    sentences: Mapping[str, str], placeholders: Mapping[str, frozenset[str]]
) -> Iterator[tuple[tuple[str, ...], str]]:
    """Sentences that are missing or unknown, and names in braces that the program does not fill."""
    for name in placeholders.keys() - sentences.keys():
        yield ("phrases",), f"the phrase {name!r} is missing"
    for name, sentence in sentences.items():
        if name not in placeholders:
            yield ("phrases", name), "the program has no phrase of this name"
            continue
        try:
            used = {field for _, field, _, _ in string.Formatter().parse(sentence) if field is not None}
        except ValueError as error:
            yield ("phrases", name), f"its braces do not match: {error}"
            continue
        for field in used - placeholders[name]:
            yield ("phrases", name), f"cannot be filled with {{{field}}}"


def faults_of_phrases(document: Mapping[str, Any]) -> Iterator[tuple[tuple[str, ...], str]]:
    """Phrases that are missing, unknown, or filled with what the program does not give them."""
    yield from faults_of_sentences(document["phrases"], PLACEHOLDERS)
    for situation in Situation:
        if situation.value not in document["situations"]:
            yield ("situations",), f"the situation {situation.value!r} is missing"
