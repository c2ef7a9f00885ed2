"""Answers: an entry's texts put together for one council and one person, short first and the rest for later."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from content.eligibility import AGE, Outcome, Verdict, is_stated, situation_of, weigh
from content.model import ENGLAND, Authority, Basis, Case, Circumstances, Condition, Entitlement, Entry, Source
from content.phrases import Phrases
from content.rules import words

WORD_LIMIT = 90
"""Words of an answer before 'tell me more'."""


@dataclass(frozen=True)
class Offer:
    """What one council offers under one entry: its own entitlement, and England's beneath it.

    A field that the council leaves out is England's. `council` is None where it is not known.
    """

    entry: Entry
    council: Authority | None
    own: Entitlement | None
    base: Entitlement | None

    @property
    def is_gap(self) -> bool:
        """The council is known, and its position is not."""
        if self.council is None:
            return False
        if self.own is None:
            return self.base is None or not self.base.everywhere
        return not self.own.known

    @property
    def authority(self) -> str:
        """Whose answer it is: the council's, or England's where the national rule is all there is."""
        if self.council and self.own and (self.own.known or self.base is None):
            return self.council.id
        return ENGLAND if self.base or not self.council else self.council.id

    @property
    def condition(self) -> Condition:
        """Whom it is for: the council's own condition where it states one, England's where it does not."""
        if self.own and self.own.known and self.own.condition != Condition():
            return self.own.condition
        if self.own and self.own.known and not self.own.adds_base:
            return Condition()
        return self.base.condition if self.base else Condition()

    @property
    def cases(self) -> tuple[Case, ...]:
        """Every case that could replace a lead that is told."""
        told = [each for each in (self.own, self.base) if each and self._is_told(each)]
        return tuple(case for each in told for case in each.cases)

    def _is_told(self, entitlement: Entitlement) -> bool:
        if entitlement is self.base and self.own and self.own.known:
            return self.own.adds_base
        return True

    def first(self, field: Callable[[Entitlement], str | None]) -> str | None:
        """The council's value of a field, or England's where the council has none."""
        return next((value for each in (self.own, self.base) if each and (value := field(each))), None)

    def national_lead(self, circumstances: Circumstances) -> str | None:
        return _lead(self.base, circumstances) if self.base and self._is_told(self.base) else None

    def own_lead(self, circumstances: Circumstances) -> str | None:
        return _lead(self.own, circumstances) if self.own else None

    @property
    def sources(self) -> tuple[Source, ...]:
        """The sources of what is told, now or on "tell me more", the council's own first."""
        told = [each for each in (self.own, self.base) if each and (self._is_told(each) or each.more)]
        return tuple(dict.fromkeys(source for each in told for source in each.sources))

    @property
    def confirm(self) -> bool:
        return any(each.confirm for each in (self.own, self.base) if each and self._is_told(each))

    @property
    def basis(self) -> Basis | None:
        return next((each.basis for each in (self.own, self.base) if each and each.basis and each.known), None)


@dataclass(frozen=True)
class Answer:
    """One answer as it is told: the short text, what is left for 'tell me more', and what would settle it."""

    offer: Offer
    text: str
    brief: str
    """The text without its steps and notes: for somebody who has just read them."""
    more: str | None
    verdict: Verdict
    missing: tuple[str, ...]
    """The facts about the person that could change this answer, in the order in which to ask for them."""

    instead: str | None = None
    """The entry that the person can get in place of this one."""


def _lead(entitlement: Entitlement, circumstances: Circumstances) -> str | None:
    for case in entitlement.cases:
        if weigh(case.condition, circumstances).outcome is Outcome.YES:
            return case.lead
    return entitlement.lead


class Composer:
    """Puts answers together from an offer's texts and the fixed phrases; it adds no words of its own."""

    def __init__(self, phrases: Phrases) -> None:
        self._say = phrases

    def answer(
        self, offer: Offer, circumstances: Circumstances, instead_lead: Callable[[str], str | None] | None = None
    ) -> Answer:
        """The answer for one person. `instead_lead` gives the lead of the entry that stands in for this one."""
        verdict = weigh(offer.condition, circumstances)
        instead = self._instead(offer, circumstances) if verdict.outcome is Outcome.NO else None
        if verdict.outcome is Outcome.NO:
            parts = list(self._refusal(offer, circumstances, verdict))
            lead = instead_lead(instead) if instead and instead_lead else None
            if lead:
                parts.append(self._say("instead", lead=lead))
            leads = [] if lead else list(self._leads(offer, circumstances))
            if self._is_still_to_come(offer, circumstances):
                parts, leads = [*parts, *leads], []
            text, left = self._fit(parts, [], [])
            brief, left = text, [*left, *leads]
        else:
            first = list(self._leads(offer, circumstances))
            if verdict.outcome is Outcome.YES and not offer.is_gap:
                first[:1] = [" ".join([*self._fits(offer, circumstances), *first[:1]])]
            open_ends = list(self._open_ends(offer, circumstances, verdict))
            text, left = self._fit(first, list(self._how(offer)), [*open_ends, *self._rest(offer)])
            brief = "\n\n".join([*first, *([" ".join(open_ends)] if open_ends else [])])
        more = self._more(offer, left)
        return Answer(offer, text, brief, more, verdict, self._missing(offer, circumstances, verdict), instead)

    def refused(self, offer: Offer) -> str:
        """What to do when they say no."""
        return offer.first(lambda each: each.refused) or self._say("refused")

    def how(self, offer: Offer) -> str | None:
        """How to ask for it, with the contacts that the texts name."""
        how = offer.first(lambda each: each.how)
        if how is None and offer.is_gap:
            how = self._gap_how(offer)
        contacts = [
            contact.line()
            for each in (offer.own, offer.base)
            if each
            for contact in each.contacts
            if (contact.phone or contact.email or "?") not in (how or "")
        ]
        lines = [how, *dict.fromkeys(contacts)]
        return "\n".join(line for line in lines if line) or None

    def checked(self, source: Source) -> str:
        """When the source was last checked, as its own date says; honest where it has none."""
        if source.dated is None:
            return self._say("undated")
        return self._say("last_checked", date=_spoken_date(source.dated))

    def _leads(self, offer: Offer, circumstances: Circumstances) -> Iterator[str]:
        own, national = offer.own_lead(circumstances), offer.national_lead(circumstances)
        if offer.is_gap and own is None and offer.council:
            own = self._say("gap", council=offer.council.label, about=offer.entry.about)
        if own and national:
            basis = []
            if offer.own and offer.own.known and offer.own.basis and offer.entry.refusable:
                basis = [self._say(offer.own.basis.value)]
            yield " ".join([own, *basis])
            yield self._say("national", lead=national)
        elif own:
            yield own
        elif national:
            yield national

    def _how(self, offer: Offer) -> Iterator[str]:
        how = offer.first(lambda each: each.how)
        if offer.is_gap and not (offer.own and offer.own.how):
            how = self._gap_how(offer)
        if how:
            yield how

    def _rest(self, offer: Offer) -> Iterator[str]:
        """What follows, the most needed first; what does not fit moves to 'tell me more'."""
        if offer.basis and offer.entry.refusable and not (offer.own and offer.own.known and offer.own.adds_base):
            yield self._say(offer.basis.value)
        if offer.confirm:
            yield self._say("confirm")
        refused = offer.first(lambda each: each.refused)
        if refused:
            yield refused
        elif offer.entry.refusable and not offer.is_gap:
            yield self._say("refused")

    def _gap_how(self, offer: Offer) -> str | None:
        return self._say("gap_how", team=offer.council.team.line()) if offer.council else None

    def _fits(self, offer: Offer, circumstances: Circumstances) -> Iterator[str]:
        if offer.condition.ages and not offer.condition.ages_inferred:
            yield self._say("fits_age", age=circumstances.age)
        elif is_stated(offer.condition):
            yield self._say("fits")

    def _open_ends(self, offer: Offer, circumstances: Circumstances, verdict: Verdict) -> Iterator[str]:
        """What it still depends on, and an age that our reading of the source does not cover."""
        ages, age = offer.condition.ages, circumstances.age
        if AGE in verdict.missing:
            yield self._say("depends_age", ages=ages)
        situations = [situation for fact in verdict.missing if (situation := situation_of(fact))]
        if situations:
            who = " or ".join(self._say.situations[situation].who for situation in situations)
            yield self._say("depends_situation", who=who)
        if ages and offer.condition.ages_inferred and age is not None and not ages.covers(age):
            yield self._say("unsure_age", ages=ages, age=age)

    def _refusal(self, offer: Offer, circumstances: Circumstances, verdict: Verdict) -> Iterator[str]:
        if AGE in verdict.failed:
            yield self._say("not_ages", ages=offer.condition.ages, age=circumstances.age)
        situations = [situation for fact in verdict.failed if (situation := situation_of(fact))]
        if situations:
            who = " or ".join(self._say.situations[situation].who for situation in situations)
            yield self._say("not_situation", who=who)

    def _instead(self, offer: Offer, circumstances: Circumstances) -> str | None:
        rows = [row for each in (offer.own, offer.base) if each for row in each.instead]
        if circumstances.age is None:
            return None
        return next((row.entry for row in rows if row.ages.covers(circumstances.age)), None)

    def _missing(self, offer: Offer, circumstances: Circumstances, verdict: Verdict) -> tuple[str, ...]:
        missing = list(verdict.missing)
        if verdict.outcome is not Outcome.NO:
            # A case for a situation only refines what is said; asking for it ("are you still in care?") would not be kind.
            for case in offer.cases:
                missing.extend(fact for fact in weigh(case.condition, circumstances).missing if fact == AGE)
        return tuple(fact for fact in dict.fromkeys(missing) if fact not in circumstances.declined)

    @staticmethod
    def _fit(first: list[str], how: list[str], rest: list[str]) -> tuple[str, list[str]]:
        """`first`, then of the others what fits into the limit, in order; and what was left out.

        `rest` makes one paragraph, the others one each.
        """
        paragraphs, left = list(first), []
        if words(" ".join(first)) > WORD_LIMIT:
            paragraphs, left = first[:1], first[1:]
        last: list[str] = []
        for part in (*how, *rest):
            if words(" ".join([*paragraphs, *last, part])) > WORD_LIMIT:
                left.append(part)
            elif part in how:
                paragraphs.append(part)
            else:
                last.append(part)
        if last:
            paragraphs.append(" ".join(last))
        return "\n\n".join(paragraphs), left

    @staticmethod
    def _is_still_to_come(offer: Offer, circumstances: Circumstances) -> bool:
        """The person is too young for it, and will not always be: worth knowing what it is."""
        ages, age = offer.condition.ages, circumstances.age
        return ages is not None and age is not None and age < ages.youngest

    @staticmethod
    def _more(offer: Offer, left: list[str]) -> str | None:
        """What was left out, then the rest of both texts, no sentence of it twice."""
        told = {sentence for part in left for sentence in sentences(part)}
        parts = list(left)
        for each in (offer.own, offer.base):
            fresh = [sentence for sentence in sentences(each.more if each else None) if sentence not in told]
            told.update(fresh)
            if fresh:
                parts.append(" ".join(fresh))
        return "\n\n".join(parts) or None


def sentences(*texts: str | None) -> list[str]:
    """The sentences of the texts, in order."""
    return [sentence for text in texts for sentence in re.split(r"(?<=[.!?])\s+", text or "") if sentence]


MONTHS = "January February March April May June July August September October November December".split()


def _spoken_date(date: str) -> str:
    """A date as people say it: "2023-07-31" is "31 July 2023", "2023-06" is "June 2023"."""
    year, *rest = date.split("-")
    if not rest:
        return year
    month = MONTHS[int(rest[0]) - 1]
    return f"{int(rest[1])} {month} {year}" if len(rest) == 2 else f"{month} {year}"
