"""Whether something is for somebody: conditions weighed against what is known, never against a guess."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from content.model import Circumstances, Condition, Situation

AGE = "age"


class Outcome(Enum):
    YES = "yes"
    NO = "no"
    DEPENDS = "depends"


@dataclass(frozen=True)
class Verdict:
    """What can be said of one person, in Kleene's three-valued logic: one NO decides, then one unknown leaves it open.

    `failed` names the facts that decided a NO, `missing` those that would settle a DEPENDS; "age" or a situation's name.
    """

    outcome: Outcome
    failed: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()


def weigh(condition: Condition, circumstances: Circumstances) -> Verdict:
    """Weigh one condition. Inferred ages are our own reading and decide nothing."""
    failed: list[str] = []
    missing: list[str] = []
    if condition.ages and not condition.ages_inferred:
        if circumstances.age is None:
            missing.append(AGE)
        elif not condition.ages.covers(circumstances.age):
            failed.append(AGE)
    for situation in condition.needs:
        known = circumstances.situations.get(situation)
        if known is None:
            missing.append(situation.value)
        elif not known:
            failed.append(situation.value)
    if condition.any_of and not any(circumstances.situations.get(each) for each in condition.any_of):
        unknown = [each.value for each in condition.any_of if each not in circumstances.situations]
        missing.extend(unknown)
        if not unknown:
            failed.extend(each.value for each in condition.any_of)
    if failed:
        return Verdict(Outcome.NO, failed=tuple(failed))
    if missing:
        return Verdict(Outcome.DEPENDS, missing=tuple(missing))
    return Verdict(Outcome.YES)


def is_stated(condition: Condition) -> bool:
    """Whether the condition leaves anybody out, so that it is worth telling somebody that it fits them."""
    return bool((condition.ages and not condition.ages_inferred) or condition.needs or condition.any_of)


def situation_of(fact: str) -> Situation | None:
    """The situation that a missing or failed fact names; None for the age."""
    return None if fact == AGE else Situation(fact)
