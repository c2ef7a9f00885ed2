"""Conditions are weighed in three values: one no decides, one unknown leaves it open."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as some

from content.eligibility import AGE, Outcome, weigh
from content.model import AgeBand, Circumstances, Condition, Situation

ADULT = Condition(ages=AgeBand(18, 24))
STUDENT = Condition(ages=AgeBand(18, 24), needs=(Situation.UNIVERSITY,))
EITHER = Condition(any_of=(Situation.PARENT, Situation.DISABLED))

situations = some.dictionaries(some.sampled_from(Situation), some.booleans())
people = some.builds(Circumstances, age=some.none() | some.integers(10, 30), situations=situations)
bands = some.tuples(some.integers(10, 30), some.integers(10, 30)).map(lambda pair: AgeBand(min(pair), max(pair)))
conditions = some.builds(
    Condition,
    ages=some.none() | bands,
    needs=some.lists(some.sampled_from(Situation), max_size=3).map(tuple),
    any_of=some.lists(some.sampled_from(Situation), max_size=3).map(tuple),
    ages_inferred=some.booleans(),
)


def test_no_condition_fits_everybody():
    assert weigh(Condition(), Circumstances()).outcome is Outcome.YES


def test_both_ends_of_the_ages_count():
    assert weigh(ADULT, Circumstances(age=18)).outcome is Outcome.YES
    assert weigh(ADULT, Circumstances(age=24)).outcome is Outcome.YES
    assert weigh(ADULT, Circumstances(age=17)).outcome is Outcome.NO
    assert weigh(ADULT, Circumstances(age=25)).outcome is Outcome.NO


def test_an_unknown_age_leaves_it_open():
    verdict = weigh(ADULT, Circumstances())
    assert verdict.outcome is Outcome.DEPENDS
    assert verdict.missing == (AGE,)


def test_inferred_ages_decide_nothing():
    assert weigh(Condition(ages=AgeBand(18, 24), ages_inferred=True), Circumstances(age=16)).outcome is Outcome.YES


def test_one_no_decides_whatever_else_is_unknown():
    verdict = weigh(STUDENT, Circumstances(age=16))
    assert verdict.outcome is Outcome.NO
    assert verdict.failed == (AGE,)


def test_one_of_several_situations_is_enough():
    assert weigh(EITHER, Circumstances(situations={Situation.PARENT: True})).outcome is Outcome.YES
    assert weigh(EITHER, Circumstances(situations={Situation.PARENT: False})).outcome is Outcome.DEPENDS
    neither = {Situation.PARENT: False, Situation.DISABLED: False}
    assert weigh(EITHER, Circumstances(situations=neither)).outcome is Outcome.NO


@given(conditions, people)
def test_learning_more_never_turns_a_verdict_round(condition: Condition, person: Circumstances):
    verdict = weigh(condition, person)
    everything = dict.fromkeys(Situation, False) | dict(person.situations)
    fuller = weigh(condition, Circumstances(age=person.age if person.age is not None else 20, situations=everything))
    assert fuller.outcome is not Outcome.DEPENDS
    assert verdict.outcome in (Outcome.DEPENDS, fuller.outcome)


@given(conditions, people)
def test_what_is_missing_is_exactly_what_leaves_it_open(condition: Condition, person: Circumstances):
    verdict = weigh(condition, person)
    assert bool(verdict.missing) == (verdict.outcome is Outcome.DEPENDS)
    assert bool(verdict.failed) == (verdict.outcome is Outcome.NO)
