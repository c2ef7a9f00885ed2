"""What the actions say and remember, from one message and what the conversation knows; the library is the real one."""

from __future__ import annotations

from typing import Any

import pytest
from rasa_sdk import Tracker
from rasa_sdk.executor import CollectingDispatcher

from actions.answer import ActionAnswer, ActionAskTopic, ActionAskWhich, ActionNoteCircumstances
from actions.circumstances import ActionAskAuthority, ActionAskSituation
from actions.crisis import ActionCheckIn, ActionUrgentHelp
from actions.follow_up import (
    ActionGoBack,
    ActionNotHelpful,
    ActionTellAmount,
    ActionTellHow,
    ActionTellRepay,
    ActionTellSource,
)
from actions.language import ActionOtherLanguage
from actions.library_action import LibraryAction
from actions.person import ActionOfferPerson
from actions.talk import ActionNotUnderstood, ActionOutOfScope, ActionOwnCase, ActionRefuse, ActionStartAgain
from content.library import Library
from content.model import Situation


def run(
    action: type[LibraryAction],
    library: Library,
    *,
    text: str = "",
    intent: str = "ask_entry",
    entities: tuple[tuple[str, str, str], ...] = (),
    form: str | None = None,
    entries: list[str] | None = None,
    near: list[str] | None = None,
    topic: str | None = None,
    language: str | None = None,
    left_over: int = 0,
    danger: str | None = None,
    events: list[dict[str, Any]] | None = None,
    confidence: float = 0.9,
    **slots: Any,
) -> tuple[list[dict[str, Any]], dict[str, Any], list[str]]:
    """The replies, the slots that were set, and the actions that are to follow."""
    message = {
        "text": text,
        "intent": {"name": intent, "confidence": confidence},
        "entities": [{"entity": name, "value": value, "role": role} for name, value, role in entities],
        "entries": entries or [],
        "near": near or [],
        "topic": topic,
        "language": language,
        "left_over": left_over,
        "danger": danger,
    }
    slots = {name.rstrip("_"): value for name, value in slots.items()}
    loop = {"name": form} if form else {}
    tracker = Tracker("one", slots, message, events or [], False, None, loop, None)
    dispatcher = CollectingDispatcher()
    events = action(library).run(dispatcher, tracker, {})
    remembered = {event["name"]: event["value"] for event in events if event["event"] == "slot"}
    return (
        [said["reply"] for said in dispatcher.messages],
        remembered,
        [event["name"] for event in events if event["event"] == "followup"],
    )


def test_an_answer_that_depends_on_the_council_waits_for_it(library):
    replies, remembered, following = run(ActionAnswer, library, entries=["council-tax"])
    assert replies == []
    assert remembered["pending"] == ["council-tax"]
    assert remembered["wanted"] == "authority"
    assert following == ["circumstances_form"]


def test_the_council_is_not_asked_for_a_second_time(library):
    replies, _, following = run(ActionAnswer, library, entries=["council-tax"], asked=["authority"])
    assert replies[0]["authority"] == "england"
    assert "circumstances_form" not in following


def test_what_is_the_same_everywhere_is_answered_without_the_council(library):
    everywhere = next(id for id in library.shelf.entries if not library.shelf.depends_on_council(id))
    replies, _, _ = run(ActionAnswer, library, entries=[everywhere])
    assert replies[0]["entry"] == everywhere


def test_the_council_in_the_message_itself_is_enough(library):
    replies, remembered, _ = run(
        ActionAnswer, library, entries=["council-tax"], entities=(("authority", "nottinghamshire", "own"),)
    )
    assert replies[0]["authority"] == "nottinghamshire"
    assert remembered["authority"] == "nottinghamshire"


def test_an_entry_that_is_no_longer_published_is_not_answered(library):
    replies, _, _ = run(ActionAnswer, library, entries=["long-gone"], authority="nottinghamshire")
    assert [reply["kind"] for reply in replies] == ["question"]


def test_two_entries_get_two_answers_and_no_settling_question(library):
    replies, remembered, following = run(
        ActionAnswer, library, entries=["council-tax", "mentoring"], authority="nottinghamshire"
    )
    assert [reply["entry"] for reply in replies] == ["council-tax", "mentoring"]
    assert remembered["entry"] == "mentoring"
    assert following == []


def test_an_unknown_age_that_matters_is_asked_for_after_the_answer(library):
    replies, remembered, following = run(ActionAnswer, library, entries=["council-tax"], authority="nottinghamshire")
    assert replies[0]["entry"] == "council-tax"
    assert remembered["wanted"] == "age"
    assert following == ["circumstances_form"]


def test_after_two_questions_about_an_entry_no_third_is_asked(library):
    _, _, following = run(
        ActionAnswer,
        library,
        entries=["council-tax"],
        authority="nottinghamshire",
        asked=["about council-tax", "about council-tax"],
    )
    assert following == []


@pytest.mark.parametrize(("age", "words"), [("15", "16 to 24"), ("31", "ends at 25")])
def test_outside_the_ages_of_the_offer_it_says_who_else_can_help(library, age, words):
    replies, _, _ = run(
        ActionAnswer, library, entries=["mentoring"], authority="nottingham-city", entities=(("age", age, "own"),)
    )
    assert words in replies[0]["text"]
    assert "0800 023 2033" in replies[0]["text"]


def test_a_place_taken_for_its_council_is_said(library):
    replies, remembered, _ = run(
        ActionAnswer,
        library,
        pending=["council-tax"],
        wanted="authority",
        authority="nottinghamshire",
        entities=(("place", "nottinghamshire", "own"),),
    )
    assert "Nottinghamshire looked after you" in replies[0]["text"]
    assert replies[1]["entry"] == "council-tax"


def test_another_councils_young_person_gets_no_offer_of_ours(library):
    replies, _, _ = run(
        ActionNoteCircumstances, library, entry="council-tax", entities=(("elsewhere", "Derbyshire", "own"),)
    )
    assert [reply["kind"] for reply in replies] == ["out-of-scope"]
    assert "Derbyshire" in replies[0]["text"]


def test_a_circumstance_without_a_subject_is_noted(library):
    replies, remembered, _ = run(
        ActionNoteCircumstances, library, intent="change_council", entities=(("authority", "nottingham-city", "own"),)
    )
    assert replies[0]["kind"] == "question"
    assert "Nottingham City" in replies[0]["text"]
    assert remembered["authority"] == "nottingham-city"


def test_a_situation_that_is_denied_counts_as_no(library):
    replies, remembered, _ = run(
        ActionAnswer,
        library,
        entries=["university-bursary"],
        authority="nottingham-city",
        entities=(("situation", "university", "no"),),
    )
    assert "people who are at university" in replies[0]["text"]
    assert remembered["situations"] == {"university": False}


def test_a_yes_to_the_question_about_a_situation_is_remembered(library):
    _, remembered, _ = run(
        ActionAnswer,
        library,
        intent="affirm",
        entry="university-bursary",
        authority="nottingham-city",
        wanted="university",
        situation=True,
    )
    assert remembered["situations"] == {"university": True}
    assert remembered["wanted"] is None


def test_the_question_for_the_council_says_that_a_place_does_not_settle_it(library):
    [reply], _, _ = run(
        ActionAskAuthority, library, text="i live in bulwell", entities=(("place", "nottingham-city", "own"),)
    )
    assert "You live in Bulwell." in reply["text"]
    assert [choice["label"] for choice in reply["choices"]] == ["Nottingham City", "Nottinghamshire", "I don't know"]


@pytest.mark.parametrize("situation", list(Situation))
def test_every_situation_can_be_asked_about(library, situation):
    [reply], _, _ = run(ActionAskSituation, library, wanted=situation.value)
    assert reply["asks"] == "situation"
    assert reply["text"].endswith("?")


def test_a_close_call_offers_the_likeliest_and_something_else(library):
    [reply], remembered, _ = run(ActionAskWhich, library, near=["mentoring", "befriending"])
    assert [choice.get("entry") for choice in reply["choices"]] == ["mentoring", "befriending", None]
    assert remembered["near"] == ["mentoring", "befriending"]


def test_an_unclear_message_that_tells_a_circumstance_is_taken_as_that(library):
    [reply], _, following = run(
        ActionAskWhich, library, entry="council-tax", authority="nottinghamshire", entities=(("age", "19", "own"),)
    )
    assert reply["text"].startswith("At 19, this is for you.")
    assert following == []


@pytest.mark.parametrize("topic", ["money", "home", "work", "education", "health", "rights"])
def test_a_vague_message_gets_the_entries_of_its_topic(library, topic):
    [reply], _, _ = run(ActionAskTopic, library, topic=topic)
    assert reply["asks"] == "topic"
    assert len([choice for choice in reply["choices"] if choice.get("entry")]) >= 3


def test_an_amount_is_the_declared_one_or_none(library):
    [reply], _, _ = run(ActionTellAmount, library, entry="setting-up-home-allowance", authority="nottingham-city")
    assert "£3,000" in reply["text"]
    [reply], _, _ = run(ActionTellAmount, library, entry="mentoring", authority="nottingham-city")
    assert "I will not guess" in reply["text"]


def test_how_names_whom_to_contact(library):
    [reply], _, _ = run(ActionTellHow, library, entry="support-after-21", authority="nottinghamshire")
    assert "0115 804 4154" in reply["text"]


def test_sources_are_named_with_when_they_were_checked(library):
    [reply], _, _ = run(ActionTellSource, library, entry="council-tax", authority="nottinghamshire")
    assert "Nottinghamshire County Council. Last checked: 30 November 2020" in reply["text"]


def test_a_follow_up_to_nothing_asks_what_it_is_about(library):
    [reply], _, _ = run(ActionTellHow, library)
    assert (reply["kind"], reply["asks"]) == ("question", "topic")


def test_what_did_not_help_is_followed_by_the_next_likeliest_and_a_person(library):
    [reply], _, _ = run(ActionNotHelpful, library, entry="mentoring", near=[], authority="nottingham-city", **{"asked": []})
    assert reply["choices"][-1]["value"] == "Talk to a person"
    assert reply["handoff"]["status"] == "offered"
    assert all(choice.get("entry") != "mentoring" for choice in reply["choices"])


def test_not_understood_twice_offers_a_person(library):
    [first], remembered, _ = run(ActionNotUnderstood, library, intent="nlu_fallback")
    [second], _, _ = run(ActionNotUnderstood, library, intent="nlu_fallback", misses=remembered["misses"])
    assert (first["kind"], second["kind"]) == ("question", "handoff")


def test_a_reply_that_does_not_answer_the_form_counts_as_not_known(library):
    [reply, *_], remembered, _ = run(
        ActionNotUnderstood,
        library,
        intent="nlu_fallback",
        form="circumstances_form",
        wanted="authority",
        asked=["authority"],
        pending=["setting-up-home-allowance"],
    )
    assert (reply["entry"], reply["authority"]) == ("setting-up-home-allowance", "england")
    assert remembered["authority"] == "unknown"


def test_what_was_not_understood_in_place_of_an_age_does_not_repeat_the_answer(library):
    [reply], remembered, _ = run(
        ActionNotUnderstood, library, intent="nlu_fallback", form="circumstances_form", wanted="age", entry="mentoring"
    )
    assert reply["kind"] == "question"
    assert remembered["age"] == "declined"


def test_the_other_council_counts_for_one_answer(library):
    [reply, *_], remembered, _ = run(
        ActionNoteCircumstances,
        library,
        intent="change_council",
        entry="council-tax",
        authority="nottinghamshire",
        entities=(("authority", "nottingham-city", "supposed"),),
    )
    assert "Nottingham City" in reply["text"]
    assert "authority" not in remembered


def test_elsewhere_the_national_rule_is_still_told(library):
    [reply, *_], _, _ = run(ActionAnswer, library, entries=["personal-adviser"], authority="Leicester", asked=["authority"])
    assert (reply["entry"], reply["authority"]) == ("personal-adviser", "england")


def test_paying_back_is_answered_from_the_texts_alone(library):
    [told], _, _ = run(ActionTellRepay, library, entry="university-bursary", authority="nottingham-city")
    assert "pay it back" in told["text"] or "repay" in told["text"]
    [silent], _, _ = run(ActionTellRepay, library, entry="emergency-money", authority="nottinghamshire")
    assert "check with your PA before you rely on it" in silent["text"]


def test_whether_anything_is_taken_away_is_not_known_where_nothing_is_paid(library):
    [reply], _, _ = run(
        ActionTellRepay, library, entry="young-parents", authority="nottinghamshire", text="will they take it off me"
    )
    assert "pay" not in reply["text"]
    assert "I will not guess" in reply["text"]
    assert reply["choices"][0]["value"] == "Talk to a person"


def told_just_now(library, entry, **slots):
    """The answer to an entry, and the events of a conversation in which it was the last reply."""
    [reply, *_], _, _ = run(ActionAnswer, library, entries=[entry], authority="nottingham-city", **slots)
    return reply, [{"event": "bot", "text": reply["text"]}]


def test_what_changes_nothing_does_not_bring_the_whole_answer_again(library):
    _, events = told_just_now(library, "complaints")
    [reply], remembered, _ = run(
        ActionNoteCircumstances,
        library,
        intent="tell_age",
        entry="complaints",
        authority="nottingham-city",
        entities=(("age", "22", "own"),),
        events=events,
    )
    assert (reply["entry"], remembered["age"]) == ("complaints", "22")
    assert reply["text"] == "That does not change what I said about how to complain about leaving care."


def test_what_changes_the_answer_brings_it_again(library):
    first, events = told_just_now(library, "council-tax")
    [reply, *_], _, _ = run(
        ActionNoteCircumstances,
        library,
        intent="tell_age",
        entry="council-tax",
        authority="nottingham-city",
        entities=(("age", "19", "own"),),
        events=events,
    )
    assert reply["text"] != first["text"]
    assert "£" in reply["text"] or "Council Tax" in reply["text"]


def test_the_same_question_twice_says_so_and_offers_a_person_first(library):
    first, events = told_just_now(library, "complaints")
    [again, *_], _, _ = run(ActionAnswer, library, entries=["complaints"], authority="nottingham-city", events=events)
    assert again["text"].startswith("I said this just now.")
    assert again["text"].endswith(first["text"])
    assert again["choices"][0]["value"] == "Talk to a person"


def test_who_taps_for_an_answer_again_just_gets_it(library):
    first, events = told_just_now(library, "complaints")
    [again, *_], _, _ = run(
        ActionAnswer, library, entries=["complaints"], authority="nottingham-city", events=events, confidence=1.0
    )
    assert again["text"] == first["text"]


def test_who_tells_a_situation_is_offered_what_belongs_to_it(library):
    [reply], _, _ = run(
        ActionNoteCircumstances, library, intent="tell_situation", entities=(("situation", "university", "own"),)
    )
    assert reply["choices"][0]["entry"] == "university-bursary"
    assert reply["choices"][-1]["value"] == "Something else"


def test_a_situation_in_a_message_that_is_not_understood_or_vague_is_offered_too(library):
    said = {"entities": (("situation", "custody", "own"),)}
    [unclear], _, _ = run(ActionNotUnderstood, library, intent="nlu_fallback", misses=1, **said)
    [vague], _, _ = run(ActionAskTopic, library, intent="ask_topic", **said)
    assert unclear["choices"][0]["entry"] == vague["choices"][0]["entry"] == "custody-and-probation"


def test_dissatisfaction_before_any_answer_is_met_with_an_apology_and_a_person(library):
    [reply], remembered, _ = run(ActionNotHelpful, library, intent="not_helpful")
    assert reply["text"].startswith("I am sorry.")
    assert reply["choices"][-1]["value"] == "Talk to a person"
    assert remembered["misses"] == 1


def test_a_person_is_named_for_the_council_or_for_each(library):
    [own], _, _ = run(ActionOfferPerson, library, authority="nottingham-city")
    assert "0115 876 4800" in own["text"]
    assert "0115 876 1000" in own["text"]
    [each], _, _ = run(ActionOfferPerson, library)
    assert "0115 876 4800" in each["text"]
    assert "0115 804 1236" in each["text"]


@pytest.mark.parametrize(("action", "kind"), [(ActionOutOfScope, "out-of-scope"), (ActionRefuse, "refusal")])
def test_what_it_does_not_do_comes_with_a_person(library, action, kind):
    [reply], _, _ = run(action, library)
    assert reply["kind"] == kind
    assert any(choice["value"] == "Talk to a person" for choice in reply["choices"])


def test_who_asks_about_their_own_file_is_told_who_sees_it_and_how_to_reach_them(library):
    [unknown], _, _ = run(ActionOwnCase, library, intent="own_case_status", near=["personal-adviser"])
    assert "I cannot see your own file" in unknown["text"]
    assert [each["label"] for each in unknown["choices"]] == ["Talk to a person", "My personal adviser (PA)"]
    [known], _, _ = run(ActionOwnCase, library, intent="own_case_status", authority="nottingham-city")
    assert library.shelf.authority("nottingham-city").team.phone in known["text"]


def test_starting_again_forgets_everything(library):
    tracker = Tracker(
        "one", {"authority": "nottingham-city"}, {"intent": {"name": "start_again"}}, [], False, None, {}, None
    )
    events = ActionStartAgain(library).run(CollectingDispatcher(), tracker, {})
    assert "reset_slots" in [event["event"] for event in events]


def test_questions_beyond_the_third_are_not_dropped_silently(library):
    replies, _, _ = run(ActionAnswer, library, entries=["council-tax"], authority="nottinghamshire", left_over=2)
    assert [reply["kind"] for reply in replies] == ["answer", "notice"]
    assert "ask me the rest" in replies[1]["text"]


def test_going_back_answers_the_entry_before_the_last(library):
    replies, remembered, _ = run(
        ActionAnswer, library, entries=["mentoring"], authority="nottinghamshire", entry="council-tax"
    )
    assert remembered["earlier"] == ["council-tax"]
    replies, remembered, _ = run(
        ActionGoBack, library, authority="nottinghamshire", entry="mentoring", earlier=["council-tax"]
    )
    assert replies[0]["entry"] == remembered["entry"] == "council-tax"


def test_with_nothing_to_go_back_to_it_says_so(library):
    replies, _, _ = run(ActionGoBack, library)
    assert replies[0]["kind"] == "question"


def test_what_did_not_help_leads_to_the_next_likeliest_and_then_to_a_person(library):
    slots = {"authority": "nottinghamshire", "entry": "befriending", "near_": ["befriending", "mentoring"]}
    replies, remembered, _ = run(ActionNotHelpful, library, intent="not_helpful", **slots)
    assert replies[0]["choices"][0]["entry"] == "mentoring"
    replies, _, _ = run(ActionNotHelpful, library, intent="not_helpful", **slots, misses=remembered["misses"])
    assert replies[0]["kind"] == "handoff"
    assert "Nottinghamshire" in replies[0]["text"]


def test_what_the_local_offer_does_not_hold_is_not_guessed(library):
    replies, _, _ = run(ActionOutOfScope, library, intent="not_covered")
    assert replies[0]["kind"] == "out-of-scope"
    assert "I will not guess" in replies[0]["text"]


def test_what_it_does_not_hold_leads_to_a_person_the_nearest_subjects_or_something_else(library):
    replies, _, _ = run(ActionOutOfScope, library, intent="not_covered", near=["mentoring"])
    person, near, other = replies[0]["choices"]
    assert (person["label"], near["entry"], other["label"]) == ("Talk to a person", "mentoring", "Something else")


def test_a_national_rule_is_told_to_another_councils_young_person_with_a_word_on_whose_rules_it_knows(library):
    replies, _, _ = run(
        ActionAnswer, library, entries=["living-out-of-area"], entities=(("elsewhere", "Birmingham", "own"),)
    )
    assert [reply["kind"] for reply in replies] == ["notice", "answer"]
    assert replies[1]["authority"] == "england"


def test_another_language_gets_its_own_sentences_a_person_and_urgent_help(library):
    replies, remembered, _ = run(ActionOtherLanguage, library, intent="other_language", language="fa")
    assert remembered["language"] == "fa"
    assert [reply["kind"] for reply in replies] == ["handoff", "question"]
    assert {reply["language"] for reply in replies} == {"fa"}
    persian = library.shelf.languages["fa"]
    assert replies[0]["text"].startswith(persian("greet"))
    assert "999" in replies[0]["text"]
    assert "I speak Farsi" in replies[0]["text"]
    assert [choice["label"] for choice in replies[1]["choices"]] == [council.label for council in library.shelf.councils]


def test_the_second_time_it_says_only_how_to_reach_somebody(library):
    replies, _, _ = run(
        ActionOtherLanguage, library, intent="other_language", language="fa", authority="nottingham-city", language_="fa"
    )
    assert len(replies) == 1
    assert library.shelf.languages["fa"]("greet") not in replies[0]["text"]
    assert library.shelf.authority("nottingham-city").team.phone in replies[0]["text"]


def test_a_language_without_sentences_gets_plain_english_and_the_languages_to_pick_from(library):
    replies, _, _ = run(ActionOtherLanguage, library, intent="other_language", language="hu")
    assert replies[0]["kind"] == "handoff"
    assert [choice["label"] for choice in replies[0]["choices"]] == [each.name for each in library.shelf.languages.values()]


def test_the_council_that_was_picked_in_another_language_is_taken_in_that_language(library):
    replies, _, _ = run(
        ActionNoteCircumstances, library, intent="change_council", entities=(("authority", "nottinghamshire", "own"),),
        language_="pl",
    )  # fmt: skip
    assert replies[0]["language"] == "pl"
    assert "Nottinghamshire" in replies[0]["text"]


def test_one_message_in_clear_english_ends_another_language(library):
    _, remembered, _ = run(ActionAnswer, library, entries=["mentoring"], language="en", language_="pl")
    assert remembered["language"] is None


def test_urgent_help_names_whom_to_call_and_does_not_claim_that_somebody_was_told(library):
    replies, _, _ = run(ActionUrgentHelp, library, intent="crisis", danger="abuse", authority="nottinghamshire")
    assert replies[0]["kind"] == "crisis"
    assert "0808 2000 247" in replies[0]["text"]
    assert "could not pass this on" in replies[0]["text"]


def test_a_check_in_offers_two_plain_choices_and_the_numbers(library):
    [reply], _, _ = run(ActionCheckIn, library, intent="maybe_crisis", danger="suicide")
    assert [choice["label"] for choice in reply["choices"]] == ["I am safe", "I am not safe"]
    assert "116 123" in reply["text"]
