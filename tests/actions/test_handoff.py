"""The handover form: what it asks and in which order, what each reply fills, how it ends, and what it never does."""

from __future__ import annotations

from datetime import datetime, timezone
from typing import Any

import pytest
import yaml
from rasa_sdk import Tracker
from rasa_sdk.executor import CollectingDispatcher

from actions import handoff_questions
from actions.answer import ActionAnswer
from actions.handoff import ValidateHandoffForm
from actions.handoff_questions import ActionEndHandoff, HandoffQuestion
from actions.handoff_reply import OTHERWISE
from actions.handoff_slots import SLOTS
from actions.library_action import LibraryAction
from actions.person import ActionOfferPerson
from actions.talk import ActionStartAgain, ActionTalk
from bot.engine.model_files import DOMAIN, ROOT
from content.library import Library

CITY = "nottingham-city"
NEXT: dict[str | None, type[LibraryAction]] = {
    each.slot: each
    for each in vars(handoff_questions).values()
    if isinstance(each, type) and issubclass(each, HandoffQuestion) and each.slot
}
NEXT[None] = ActionEndHandoff


class Form:
    """The form's part of a conversation, as Rasa runs it: a message is taken, then the next question asked."""

    def __init__(self, library: Library, **slots: Any) -> None:
        self.library = library
        self.slots: dict[str, Any] = {"authority": CITY, **slots}
        self.asked: str | None = None
        self.taken: dict[str, Any] = {}
        self.before: list[dict[str, Any]] = []
        """What was said before the next question."""

    def begin(self, text: str = "Talk to a person", **said: Any) -> dict[str, Any]:
        return self.say(text, "ask_person", **said)

    def say(
        self,
        text: str,
        intent: str = "nlu_fallback",
        *,
        exact: bool = False,
        entities: tuple[tuple[str, str, str], ...] = (),
        **parsed: Any,
    ) -> dict[str, Any]:
        message = {
            "text": text,
            "intent": {"name": intent, "confidence": 1.0 if exact else 0.9},
            "entities": [{"entity": name, "value": value, "role": role} for name, value, role in entities],
            **parsed,
        }
        self.before, self.taken = self._run(ValidateHandoffForm, message)
        self.asked = self.taken.pop("requested_slot")
        [reply], _ = self._run(NEXT[self.asked], message)
        return reply

    def to(self, *replies: str) -> dict[str, Any]:
        """The reply to the last of several messages, the first of which begins the form."""
        reply = self.begin(replies[0])
        for text in replies[1:]:
            reply = self.say(text)
        return reply

    def say_all(self, *replies: str) -> dict[str, Any]:
        """The reply to the last of several messages."""
        return [self.say(text) for text in replies][-1]

    def _run(self, action: type[LibraryAction], message: dict[str, Any]) -> tuple[list[dict[str, Any]], dict[str, Any]]:
        dispatcher = CollectingDispatcher()
        tracker = Tracker("one", self.slots, message, [], False, None, {"name": "handoff_form"}, None)
        events = action(self.library).run(dispatcher, tracker, {})
        remembered = {event["name"]: event["value"] for event in events if event["event"] == "slot"}
        self.slots = {**self.slots, **remembered}
        return [said["reply"] for said in dispatcher.messages], remembered


@pytest.fixture
def form(library: Library) -> Form:
    return Form(library)


def labels(reply: dict[str, Any]) -> list[str]:
    return [choice["label"] for choice in reply["choices"]]


# beginning


@pytest.fixture(autouse=True)
def clock(monkeypatch):
    """The teams are open, unless a test turns it: {"now": ...}."""
    clock = {"now": datetime(2026, 11, 23, 11, tzinfo=timezone.utc)}
    monkeypatch.setattr(handoff_questions, "now", lambda: clock["now"])
    return clock


def test_the_first_message_gives_the_number_to_call_and_asks_how(form):
    first = form.begin()
    assert (first["kind"], first["asks"]) == ("handoff", "contact")
    assert first["handoff"] == {"status": "collecting", "reference": None, "to": "duty"}
    assert "0115 876 4800" in first["text"]
    assert labels(first) == ["Stay in this chat", "Call me", "Text me", "Email me"]
    assert "0115 876 4800" not in form.say("Call me")["text"]


@pytest.mark.parametrize("known", [True, False])
def test_while_the_team_is_closed_whom_to_call_is_who_is_there_then(form, clock, known):
    clock["now"] = datetime(2026, 11, 23, 23, tzinfo=timezone.utc)
    form.slots["authority"] = CITY if known else None
    first = form.begin()["text"]
    assert "closed now" in first
    assert "0115 876 1000" in first
    assert ("0300 456 4546" in first) is not known
    assert "0115 876 4800" not in first


def test_an_unknown_council_is_asked_for_first_with_every_teams_number(form):
    form.slots["authority"] = None
    first = form.begin()
    assert (first["kind"], first["asks"], first["handoff"]["status"]) == ("question", "authority", "collecting")
    assert "0115 876 4800" in first["text"]
    assert "0115 804 1236" in first["text"]
    assert labels(first) == ["Nottingham City", "Nottinghamshire", "I don't know"]
    assert form.say("county", "change_council", entities=(("authority", "nottinghamshire", "own"),))["asks"] == "contact"
    assert form.slots["authority"] == "nottinghamshire"


@pytest.mark.parametrize(
    ("said", "authority"),
    [
        ({"intent": "dont_know"}, "unknown"),
        ({"intent": "rather_not_say"}, "unknown"),
        ({"intent": "nlu_fallback"}, "unknown"),
        ({"entities": (("place", "nottinghamshire", "own"),)}, "nottinghamshire"),
        ({"entities": (("elsewhere", "Derby", "own"),)}, "Derby"),
    ],
)
def test_whatever_is_said_of_the_council_it_is_asked_for_once(form, said, authority):
    form.slots["authority"] = None
    form.begin()
    assert form.say("hm", **said)["asks"] == "contact"
    assert form.slots["authority"] == authority


@pytest.mark.parametrize("authority", ["unknown", "Derby", CITY])
def test_a_council_that_was_told_or_is_not_known_is_not_asked_for(form, authority):
    form.slots["authority"] = authority
    assert form.begin()["asks"] == "contact"


def test_the_form_begins_anew_in_the_middle_of_another(form):
    form.slots["requested_slot"] = "age"
    assert form.begin()["asks"] == "contact"


# who


def test_with_an_advisers_link_it_asks_who_and_not_which_council(form):
    form.slots.update(authority=None, has_pa=True)
    first = form.begin()
    assert labels(first) == ["My PA", "The duty team"]
    assert first["asks"] == "contact"
    assert form.say("My PA")["handoff"]["to"] == "pa"
    assert form.asked == "handoff_way"


@pytest.mark.parametrize(("text", "to"), [("get me my pa", "pa"), ("i want the duty worker", "duty")])
def test_who_is_not_asked_when_the_message_says_it(form, text, to):
    form.slots["has_pa"] = True
    assert form.begin(text)["handoff"]["to"] == to
    assert form.asked == "handoff_way"


@pytest.mark.parametrize(
    ("text", "to"),
    [("my personal adviser pls", "pa"), ("The duty team", "duty"), ("anyone but my pa", "duty"), ("dont mind", "duty")],
)
def test_who_is_taken_in_ones_own_words(form, text, to):
    form.slots["has_pa"] = True
    form.begin()
    form.say(text, "stop")
    assert form.slots["handoff_to"] == to


def test_without_a_link_my_pa_is_a_wish_that_duty_passes_on(form):
    first = form.begin("get my pa Sarah")
    assert first["handoff"]["to"] == "duty"
    assert "The duty team" in first["text"]
    assert "Sarah" not in first["text"]
    form.say("Stay in this chat")
    read_back = form.say("my rent")
    assert "About: For my PA, Sarah. my rent" in read_back["text"]
    assert form.say("Yes, send it")["request"]["about"] == "For my PA, Sarah. my rent"


def test_a_wish_without_a_name_is_passed_on_too(form):
    form.to("get me my pa", "Stay in this chat", "Skip")
    assert form.say("Yes, send it")["request"]["about"] == "For my PA."


# how, and on which number


def test_one_message_answers_several_questions(form):
    assert form.begin("call me on 07700 900123 after 4")["asks"] == "name"
    assert (form.slots["handoff_way"], form.slots["handoff_phone"]) == ("call", "07700 900123")
    assert form.slots["handoff_time"] == "after 4"


@pytest.mark.parametrize(
    ("reply", "way", "following"),
    [
        ("Stay in this chat", "chat", "handoff_about"),
        ("Call me", "call", "handoff_phone"),
        ("Text me", "text", "handoff_phone"),
        ("Email me", "email", "handoff_email"),
        ("text me on 07700900123", "text", "handoff_about"),
        ("sam@example.com", "email", "handoff_about"),
        ("whatever", "chat", "handoff_about"),
    ],
)
def test_how_decides_what_is_asked_next(form, reply, way, following):
    form.begin()
    form.say(reply)
    assert (form.slots["handoff_way"], form.asked) == (way, following)


def test_a_number_alone_does_not_say_whether_to_call_or_text_but_is_kept(form):
    form.to("Talk to a person", "07700 900123")
    assert form.asked == "handoff_way"
    form.say("Text me")
    assert form.asked == "handoff_about"


def test_rather_not_saying_how_stays_in_the_chat(form):
    form.begin()
    assert "in this chat" in form.say("Rather not say", "rather_not_say")["text"]
    assert form.slots["handoff_way"] == "chat"


def test_the_number_and_a_good_time_are_one_question(form):
    asked = form.to("Talk to a person", "Call me")
    assert (asked["asks"], labels(asked)) == ("contact", ["Rather not say"])
    form.say("07700 900123 when my carer is out")
    assert (form.slots["handoff_phone"], form.slots["handoff_time"]) == ("07700 900123", "when my carer is out")


@pytest.mark.parametrize(
    ("way", "right"), [("Call me", "+48 601 234 567"), ("Text me", "07700900123"), ("Email me", "sam@example.com")]
)
def test_a_wrong_contact_is_asked_for_again_then_the_chat_is_offered_and_a_right_one_still_taken(form, way, right):
    form.to("Talk to a person", way)
    again = form.say("0770 900")
    assert again["text"].startswith("Sorry")
    assert "whole" in again["text"]
    offered = form.say("0770 901")
    assert "in this chat instead" in offered["text"]
    assert labels(offered) == ["Stay in this chat"]
    assert form.say(right)["asks"] == "name"


def test_a_third_wrong_contact_is_answered_in_the_chat(form):
    last = form.to("Talk to a person", "Call me", "1", "2", "3")
    assert last["asks"] == "name"
    assert form.slots["handoff_way"] == "chat"


@pytest.mark.parametrize(
    ("text", "intent"), [("Stay in this chat", "ask_which"), ("yes", "affirm"), ("ok go on then", "affirm")]
)
def test_the_offer_of_the_chat_is_taken(form, text, intent):
    form.to("Talk to a person", "Call me", "1", "2")
    form.say(text, intent)
    assert (form.slots["handoff_way"], form.asked) == ("chat", "handoff_about")


@pytest.mark.parametrize(
    ("text", "intent"), [("Rather not say", "rather_not_say"), ("no", "deny"), ("i havent got one", "nlu_fallback")]
)
def test_who_gives_no_number_stays_in_the_chat(form, text, intent):
    form.to("Talk to a person", "Call me")
    assert "in this chat" in form.say(text, intent)["text"]
    assert form.slots["handoff_way"] == "chat"


def test_a_refusal_beside_a_wrong_number_is_still_a_wrong_number(form):
    form.to("Talk to a person", "Call me")
    form.say("no spaces one 07700 90012", "deny")
    assert form.asked == "handoff_phone"


def test_who_asks_why_is_told_and_asked_again_without_counting(form):
    form.to("Talk to a person", "Call me")
    told = form.say("why do you need it", "rather_not_say", exact=True)
    assert "You do not have to" in told["text"]
    assert form.slots["handoff_misses"] == 0


def test_another_way_is_taken_where_a_number_is_asked_for(form):
    form.to("Talk to a person", "Call me")
    form.say("email me instead, sam@example.com")
    assert (form.slots["handoff_way"], form.slots["handoff_email"]) == ("email", "sam@example.com")


def test_a_time_alone_is_kept_while_the_number_is_asked_for_again(form):
    form.to("Talk to a person", "Call me", "after 4")
    form.say("07700 900123")
    assert (form.slots["handoff_phone"], form.slots["handoff_time"]) == ("07700 900123", "after 4")


# what it is about


def test_what_it_is_about_is_kept_as_it_stands(form):
    form.to("Talk to a person", "Stay in this chat")
    form.say("Abdi (19), my LANDLORD wants me out!!", "ask_entry", entries=["tenancy-support"])
    assert form.slots["handoff_about"] == "Abdi (19), my LANDLORD wants me out!!"
    assert form.asked == "handoff_consent"


def test_a_text_that_is_too_long_is_read_back_as_far_as_it_is_passed_on(form):
    shown = form.to("Talk to a person", "Stay in this chat", "x" * 5000)
    assert form.slots["handoff_about"] == "x" * 999 + "…"
    assert "x" * 999 + "…" in shown["text"]


@pytest.mark.parametrize("slot", ["handoff_phone", "handoff_email", "handoff_about"])
def test_a_name_a_number_and_a_reason_tell_neither_council_nor_age_nor_language(form, slot):
    form.begin()
    form.slots.update(handoff_asked=slot, handoff_way="call", handoff_phone="07700 900123")
    own = (("authority", "nottinghamshire", "own"), ("age", "19", "own"))
    form.say("Tomek, notts county, 19", "other_language", entities=own, language="pl")
    assert form.slots["authority"] == CITY
    assert {"age", "language"} & set(form.slots) == set()


@pytest.mark.parametrize(
    ("text", "intent", "exact"),
    [
        ("Skip", "rather_not_say", True),
        ("nah", "deny", True),
        ("no", "nlu_fallback", False),
        ("its private", "rather_not_say", True),
    ],
)
def test_the_reason_can_be_skipped(form, text, intent, exact):
    form.to("Talk to a person", "Stay in this chat")
    assert "About" not in form.say(text, intent, exact=exact)["text"]
    assert form.slots["handoff_about"] == ""
    assert form.asked == "handoff_consent"


def test_what_only_sounds_like_a_refusal_or_a_stop_is_the_reason(form):
    form.to("Talk to a person", "Stay in this chat")
    form.say("they want to stop my rent and no one helps", "stop")
    assert form.slots["handoff_about"] == "they want to stop my rent and no one helps"


# the read-back


def test_everything_is_read_back_with_who_will_see_it_and_what_for(form):
    read_back = form.to("call me on 07700 900123 after 4", "Sam, my rent")
    assert read_back["asks"] == "consent"
    for part in ("the duty team of Nottingham City", "call 07700 900123", "after 4", "Sam, my rent"):
        assert part in read_back["text"]
    assert "our whole chat" in read_back["text"]
    assert "only used to get back to you" in read_back["text"]
    assert labels(read_back) == ["Yes, send it", "Change something", "No, stop"]


@pytest.mark.parametrize(
    ("slots", "who"),
    [
        ({"authority": "unknown"}, "to the duty team:"),
        ({"authority": "Derby"}, "to the duty team:"),
        ({"has_pa": True, "handoff_to": "pa"}, "to your PA:"),
    ],
)
def test_the_read_back_names_who_will_see_it(form, slots, who):
    form.slots.update(slots)
    assert who in form.to("Talk to a person", "Stay in this chat", "Skip")["text"]


def test_what_was_skipped_is_not_read_back(form):
    assert "About" not in form.to("Talk to a person", "Stay in this chat", "Skip")["text"]


@pytest.mark.parametrize(
    ("part", "asked", "answer", "shown"),
    [
        ("How", "handoff_way", "Stay in this chat", "How: answer in this chat"),
        ("Number", "handoff_phone", "07700 900456", "How: call 07700 900456"),
        ("About", "handoff_about", "Jo", "About: Jo"),
    ],
)
def test_one_thing_is_changed_and_the_read_back_comes_again(form, part, asked, answer, shown):
    form.to("call me on 07700 900123", "Sam")
    choice = form.say("Change something", "start_again")
    assert labels(choice) == ["How", "Number", "About"]
    assert choice["handoff"]["status"] == "collecting"
    form.say(part)
    assert form.asked == asked
    assert shown in form.say(answer)["text"]
    assert form.asked == "handoff_consent"


def test_an_address_is_changed_under_its_own_name_and_in_the_chat_there_is_none(form):
    form.to("email me at sam@example.com", "Skip")
    assert labels(form.say("Change something")) == ["How", "Email address", "About"]
    form.say("Email address")
    assert form.asked == "handoff_email"
    assert labels(Form(form.library).to("Talk to a person", "Stay in this chat", "Skip", "Change something")) == [
        "How",
        "About",
    ]


@pytest.mark.parametrize(
    ("text", "slot", "value"),
    [
        ("no its 07700 900456", "handoff_phone", "07700 900456"),
        ("yes but text me", "handoff_way", "text"),
        ("email me at sam@example.com", "handoff_email", "sam@example.com"),
    ],
)
def test_a_correction_in_the_reply_is_read_back_not_sent(form, text, slot, value):
    form.to("call me on 07700 900123", "Sam")
    assert form.say(text, "affirm")["asks"] == "consent"
    assert form.slots[slot] == value


@pytest.mark.parametrize(("has_pa", "shown"), [(True, "to your PA:"), (None, "About: For my PA.")])
def test_who_asks_for_their_adviser_at_last_gets_another_read_back(form, has_pa, shown):
    form.slots.update(has_pa=has_pa, handoff_to="duty")
    form.to("Talk to a person", "Stay in this chat", "Skip")
    assert shown in form.say("yes but send it to my pa", "affirm")["text"]
    assert form.say("Yes, send it", "affirm")["handoff"]["status"] == "waiting"


def test_another_council_is_taken_before_it_is_sent(form):
    form.to("Talk to a person", "Stay in this chat", "Skip")
    said = form.say("im with the county", "change_council", entities=(("authority", "nottinghamshire", "own"),))
    assert "the duty team of Nottinghamshire" in said["text"]


@pytest.mark.parametrize(("text", "intent"), [("nothing", "nlu_fallback"), ("no", "deny"), ("its fine", "affirm")])
def test_who_wants_no_change_after_all_gets_the_read_back(form, text, intent):
    form.to("Talk to a person", "Stay in this chat", "Skip", "Change something")
    form.say(text, intent)
    assert form.asked == "handoff_consent"


def test_consent_is_never_taken_from_what_was_not_understood(form):
    form.to("Talk to a person", "Stay in this chat", "Skip")
    for _ in range(5):
        assert form.say("blah blah")["asks"] == "consent"
    assert "handoff_consent" not in form.slots


# sending


@pytest.mark.parametrize(
    ("text", "intent", "exact"),
    [
        ("Yes, send it", "affirm", False),
        ("send it", "stop", False),
        ("yh", "affirm", True),
        ("sounds about right", "affirm", False),
    ],
)
def test_a_yes_sends_the_whole_request_last_and_forgets_it(form, text, intent, exact):
    form.to("call me on 07700 900123 after 4", "Sam, my rent")
    sent = form.say(text, intent, exact=exact)
    assert sent["handoff"] == {"status": "waiting", "reference": None, "to": "duty"}
    assert sent["request"] == {
        "to": "duty",
        "way": "call",
        "phone": "07700 900123",
        "email": None,
        "good_time": "after 4",
        "about": "Sam, my rent",
    }
    assert {form.slots[slot] for slot in SLOTS} == {None}
    assert form.begin()["asks"] == "contact"


def test_to_the_adviser_by_email_only_what_belongs_to_the_way_is_sent(form):
    form.slots["has_pa"] = True
    form.to("tell my pa to call me on 07700 900123", "Skip", "email me at sam@example.com")
    sent = form.say("yes", "affirm", exact=True)
    assert sent["handoff"]["to"] == sent["request"]["to"] == "pa"
    assert (sent["request"]["phone"], sent["request"]["email"]) == (None, "sam@example.com")
    assert sent["request"]["about"] is None


def test_who_writes_in_another_language_is_passed_on_with_it(form):
    form.slots["language"] = "pl"
    form.begin(language="en")
    form.say("Stay in this chat", "ask_which", language="en")
    form.say("x" * 1400, language="so")
    sent = form.say("Yes, send it", "affirm", language="en")
    assert sent["request"]["about"].startswith("Speaks Polish. xxx")
    assert len(sent["request"]["about"]) == 1000
    assert sent["spoken"] == "pl"


# stopping


@pytest.mark.parametrize(
    "asked", ["authority", *SLOTS[:2], "handoff_phone", "handoff_email", "handoff_about", "handoff_consent"]
)
@pytest.mark.parametrize(
    "text", ["stop", "Cancel", "nvm leave it", "No, stop", "actually dont send it", "never mind please"]
)
def test_stop_wins_at_any_time_and_nothing_is_sent(form, asked, text):
    form.begin("call me on 07700 900123")
    form.slots["handoff_asked"] = asked
    stopped = form.say(text)
    assert stopped["kind"] == "cancelled"
    assert "request" not in stopped
    assert {form.slots[slot] for slot in SLOTS} == {None}


def test_a_stop_in_other_words_is_heard_too(form):
    form.begin()
    assert form.say("i changed my mind forget all that", "stop")["kind"] == "cancelled"


@pytest.mark.parametrize("asked", ["authority", "handoff_way", "handoff_phone"])
def test_who_does_not_mind_has_not_stopped(form, asked):
    form.begin("call me")
    form.slots["handoff_asked"] = asked
    assert form.say("i dont mind", "stop")["kind"] == "handoff"


def test_a_no_to_the_read_back_sends_nothing(form):
    form.to("Talk to a person", "Stay in this chat", "Skip")
    assert form.say("nah", "deny")["kind"] == "cancelled"


@pytest.mark.parametrize("asked", ["handoff_way", "handoff_about", "handoff_consent"])
def test_start_again_leaves_the_form_to_its_own_rule(form, asked):
    form.begin()
    form.slots["handoff_asked"] = asked
    form.say("start again", "start_again", exact=True)
    assert form.taken == {}


def test_starting_again_ends_the_form_and_keeps_the_advisers_link(library):
    tracker = Tracker(
        "one",
        {"authority": CITY, "has_pa": True, "handoff_way": "call"},
        {"intent": {"name": "start_again"}},
        [],
        False,
        None,
        {"name": "handoff_form"},
        None,
    )
    events = ActionStartAgain(library).run(CollectingDispatcher(), tracker, {})
    kinds = [event["event"] for event in events]
    assert {"event": "active_loop", "timestamp": None, "name": None} in events
    kept = {event["name"]: event["value"] for event in events[kinds.index("reset_slots") :] if event["event"] == "slot"}
    assert kept == {"has_pa": True}


# something else in the middle


@pytest.mark.parametrize("asked", ["authority", "handoff_way", "handoff_phone", "handoff_consent"])
def test_a_question_about_an_entry_is_left_to_its_own_rule_and_the_form_asks_again(form, asked):
    form.begin()
    form.slots.update(handoff_asked=asked, authority={"authority": None}.get(asked, CITY), handoff_way="call")
    form.say("do i have to pay council tax", "ask_entry", entries=["council-tax"], entities=(("age", "19", "own"),))
    assert form.taken == {}


@pytest.mark.parametrize(
    ("asked", "text"),
    [
        ("handoff_to", "whats a personal adviser"),
        ("handoff_way", "can i get any help with a phone"),
        ("handoff_phone", "i have no phone can i get one free"),
        ("handoff_consent", "can i change college and text them"),
    ],
)
def test_words_of_the_form_in_a_clear_question_answer_nothing(form, asked, text):
    form.begin("call me")
    form.slots["handoff_asked"] = asked
    form.say(text, "ask_entry", entries=["council-tax"])
    assert form.taken == {}


@pytest.mark.parametrize("text", ["do i have to pay council tax", "council tax?", "hi, how does council tax work"])
def test_a_question_as_the_reason_is_answered_and_passed_on(form, text):
    form.to("Talk to a person", "Stay in this chat")
    reply = form.say(text, "ask_entry", entries=["council-tax"], near=[])
    assert [said["entry"] for said in form.before] == ["council-tax"]
    assert (form.asked, form.slots["handoff_about"]) == ("handoff_consent", text)
    assert text in reply["text"]


def test_what_it_is_about_is_taken_wherever_it_is_said_and_not_asked_for(form):
    form.to("Talk to a person", "call me on 07700 900123 after 4, its about my rent")
    assert (form.slots["handoff_time"], form.slots["handoff_about"]) == ("after 4", "its about my rent")
    assert form.asked == "handoff_consent"


def test_what_it_is_about_is_added_at_the_read_back_also_where_it_sounds_like_a_question(form):
    form.to("Talk to a person", "Stay in this chat", "Jo")
    form.say("its about my bursary", "ask_entry", entries=["bursary-16-19"])
    assert form.slots["handoff_about"] == "Jo\nits about my bursary"


@pytest.mark.parametrize(
    ("text", "intent"),
    [("yh send it", "affirm"), ("nah dont wanna say", "rather_not_say"), ("idk", "dont_know"), ("whatever", "nlu_fallback")],
)
def test_who_says_nothing_of_what_it_is_about_skips_it(form, text, intent):
    form.to("Talk to a person", "Stay in this chat")
    form.say(text, intent)
    assert (form.slots["handoff_about"], form.asked) == ("", "handoff_consent")


def test_a_long_reason_that_begins_with_not_knowing_is_a_reason(form):
    form.to("Talk to a person", "Stay in this chat")
    form.say("i dont know what to do about my rent", "dont_know")
    assert form.slots["handoff_about"] == "i dont know what to do about my rent"


def test_who_asks_who_sees_it_where_the_reason_is_awaited_is_answered(form):
    form.to("Talk to a person", "Stay in this chat")
    form.say("who will see this", "ask_identity")
    assert form.taken == {}


@pytest.mark.parametrize("replies", [[], ["Call me"], ["Stay in this chat"], ["Stay in this chat", "rent"]])
@pytest.mark.parametrize(
    ("text", "intent"), [("how long will it take", "ask_when"), ("when will they call me", "own_case_status")]
)
def test_who_asks_how_long_it_takes_is_told_and_asked_again(form, replies, text, intent):
    form.to("Talk to a person", *replies)
    asked = form.asked
    reply = form.say(text, intent)
    assert reply["text"].startswith(form.library.shelf.phrases("handoff_how_long"))
    assert form.asked == asked


def test_a_reason_that_is_no_question_is_only_passed_on(form):
    form.to("Talk to a person", "Stay in this chat")
    form.say("my council tax arrears", "ask_entry", entries=["council-tax"])
    assert (form.before, form.slots["handoff_about"]) == ([], "my council tax arrears")


@pytest.mark.parametrize("asked", ["handoff_way", "handoff_phone", "handoff_email"])
@pytest.mark.parametrize("intent", ["not_covered", "out_of_scope", "nlu_fallback"])
def test_a_question_that_the_assistant_cannot_answer_is_for_the_person_and_no_wrong_reply(form, asked, intent):
    form.begin()
    form.slots.update(handoff_asked=asked, handoff_way={"handoff_email": "email", "handoff_phone": "call"}.get(asked))
    reply = form.say("can i get driving lessons?", intent)
    assert reply["text"].startswith(form.library.shelf.phrases("handoff_unknown"))
    assert form.asked == asked
    assert not form.slots["handoff_misses"]


@pytest.mark.parametrize("intent", ["ask_which", "ask_topic", "own_case_status", "ask_capabilities"])
def test_where_a_number_is_awaited_what_is_plainly_a_question_is_left_to_its_own_rule(form, intent):
    form.to("Talk to a person", "Call me")
    form.say("what help is there with work", intent, topic="work")
    assert form.taken == {}


@pytest.mark.parametrize("name", ["Zoë 😀", "Siân", "Łukasz Nowak"])
def test_a_name_at_the_read_back_is_added_and_no_other_language(form, name):
    form.to("Talk to a person", "Stay in this chat", "rent")
    form.say(name, "other_language", language="sq")
    assert form.slots["handoff_about"] == f"rent\n{name}"
    assert "language" not in form.slots


@pytest.mark.parametrize("text", ["ሰላም", "dua një person tani", "kurdî نازانم"])
def test_another_language_at_the_read_back_is_heard(form, text):
    form.to("Talk to a person", "Stay in this chat", "rent")
    form.say(text, "other_language", language="sq")
    assert form.taken == {}


def test_a_name_or_a_reason_beside_a_number_is_no_time(form):
    form.to("Talk to a person", "Call me")
    form.say("07700 900123 im Zoë, its about my rent")
    assert form.slots.get("handoff_time") is None
    assert (form.slots["handoff_about"], form.asked) == ("im Zoë, its about my rent", "handoff_consent")


def test_a_cry_for_help_is_no_answer_to_any_question(form):
    for asked in ("authority", "handoff_way", "handoff_phone", "handoff_about", "handoff_change", "handoff_consent"):
        form.begin()
        form.slots["handoff_asked"] = asked
        form.say("he will kill me, call me", "crisis", danger="abuse")
        assert form.taken == {}


@pytest.mark.parametrize("intent", ["ask_which", "tell_more", "ask_topic", "own_case_status", "other_language"])
def test_where_a_number_is_awaited_only_a_clear_question_is_answered(form, intent):
    form.to("Talk to a person", "Call me")
    form.say("after college", intent, topic="work")
    assert form.taken != {}


@pytest.mark.parametrize("said", [{"intent": "tell_more"}, {"intent": "ask_topic", "topic": None}])
def test_a_follow_up_to_nothing_and_a_mere_cry_for_help_are_no_questions(form, said):
    form.begin()
    assert form.say("hm", **said)["asks"] == "contact"
    assert form.taken != {}


def test_every_intent_that_is_left_to_a_rule_has_one_that_returns_to_the_form():
    rules = yaml.safe_load((ROOT / "bot" / "dialogue" / "rules.yml").read_text(encoding="utf-8"))["rules"]
    inside = [rule for rule in rules if rule.get("condition") == [{"active_loop": "handoff_form"}]]
    returning = [rule["steps"] for rule in inside if rule["steps"][-1] == {"active_loop": "handoff_form"}]
    assert {steps[0]["intent"] for steps in returning} == OTHERWISE
    assert all(steps[2] == {"action": "handoff_form"} for steps in returning)


def test_the_domain_knows_every_slot_and_question_of_the_form():
    domain = yaml.safe_load(DOMAIN.read_text(encoding="utf-8"))
    assert set(SLOTS) <= set(domain["slots"])
    assert set(domain["forms"]["handoff_form"]["required_slots"]) == {slot for slot in NEXT if slot}
    assert {action.action_name for action in NEXT.values()} <= set(domain["actions"])


def test_an_answer_in_the_middle_asks_for_nothing(library):
    slots = {"authority": None, "asked": []}
    message = {"text": "", "intent": {"name": "ask_entry"}, "entries": ["council-tax"], "entities": []}
    dispatcher = CollectingDispatcher()
    tracker = Tracker("one", slots, message, [], False, None, {"name": "handoff_form"}, None)
    events = ActionAnswer(library).run(dispatcher, tracker, {})
    assert [said["reply"]["entry"] for said in dispatcher.messages] == ["council-tax"]
    assert [event for event in events if event["event"] in ("followup", "active_loop")] == []
    assert "asked" not in [event["name"] for event in events if event["event"] == "slot"]


@pytest.mark.parametrize(
    ("action", "intent", "words"),
    [(ActionOfferPerson, "frightened", "Let us get your message"), (ActionTalk, "ask_identity", "will see our whole chat")],
)
def test_who_is_frightened_or_asks_who_sees_it_gets_words_that_fit_the_request(library, action, intent, words):
    dispatcher = CollectingDispatcher()
    tracker = Tracker("one", {}, {"intent": {"name": intent}}, [], False, None, {"name": "handoff_form"}, None)
    action(library).run(dispatcher, tracker, {})
    [said] = dispatcher.messages
    assert words in said["reply"]["text"]


def test_what_is_told_in_the_middle_is_kept_and_no_miss(form):
    form.begin()
    form.say("im 19", "tell_age", entities=(("age", "19", "own"),))
    assert (form.slots["age"], form.slots["handoff_misses"], form.asked) == ("19", 0, "handoff_way")


def test_a_short_reply_does_not_change_the_language(form):
    form.begin()
    form.say("fone me", "other_language", language="so")
    assert form.slots["handoff_way"] == "call"
    assert "language" not in form.slots


def test_what_is_not_understood_is_asked_once_more_and_then_takes_the_least(form):
    form.begin()
    again = form.say("blah")
    assert again["text"].startswith("Sorry")
    assert form.asked == "handoff_way"
    form.say("blah")
    assert (form.slots["handoff_way"], form.asked) == ("chat", "handoff_about")


def test_who_insists_on_a_person_is_asked_on_without_an_apology(form):
    form.begin()
    assert not form.say("just get me someone", "ask_person")["text"].startswith("Sorry")
    assert form.asked == "handoff_way"


@pytest.mark.parametrize(
    ("slots", "questions"),
    [
        ({"authority": None}, ["authority", "handoff_way", "handoff_phone", "handoff_about"]),
        ({"authority": None, "has_pa": True}, ["handoff_to", "handoff_way", "handoff_phone", "handoff_about"]),
    ],
)
def test_at_most_four_questions_come_before_the_read_back(form, slots, questions):
    form.slots.update(slots)
    form.begin()
    asked = [form.asked]
    for text in ("either", "Call me", "07700 900123", "Sam"):
        form.say(text)
        asked.append(form.asked)
    assert asked == [*questions, "handoff_consent"]


def test_a_person_is_offered_by_choice_where_somebody_is_frightened(library):
    dispatcher = CollectingDispatcher()
    tracker = Tracker("one", {"authority": CITY}, {"intent": {"name": "frightened"}}, [], False, None, {}, None)
    ActionOfferPerson(library).run(dispatcher, tracker, {})
    reply = dispatcher.messages[0]["reply"]
    assert reply["handoff"]["status"] == "offered"
    assert labels(reply)[0] == "Talk to a person"


def test_what_is_said_at_the_read_back_is_added_and_read_back(form):
    shown = form.to("Talk to a person", "Stay in this chat", "Kay")
    assert "About: Kay" in shown["text"]
    added = form.say("its my rent")
    assert added["text"].startswith("I have added that.")
    assert form.slots["handoff_about"] == "Kay\nits my rent"
    assert added["asks"] == shown["asks"]


@pytest.mark.parametrize("text", ["also my cooker is broke", "oh and i owe them 40 quid", "and my nan is in hospital"])
def test_what_is_to_be_said_as_well_is_added_whatever_it_is_about(form, text):
    form.to("Talk to a person", "Stay in this chat", "Kay")
    form.say(text, "ask_entry", entries=["tenancy-support"])
    assert form.slots["handoff_about"] == f"Kay\n{text}"


@pytest.mark.parametrize(("text", "time"), [("mornings are better", "mornings"), ("after 5 is best", "after 5")])
def test_a_good_time_that_is_said_at_the_read_back_is_added(form, text, time):
    form.to("Talk to a person", "Call me", "07700 900123", "Kay")
    shown = form.say(text)
    assert form.slots["handoff_time"] == time
    assert time in shown["text"]
    assert form.asked == "handoff_consent"


@pytest.mark.parametrize("text", ["take my name off", "can you remove my name", "leave my name out pls"])
def test_who_wants_their_name_off_is_asked_again_what_to_say(form, text):
    form.to("Talk to a person", "Stay in this chat", "Kay, rent")
    form.say(text)
    assert form.asked == "handoff_about"


def test_an_insult_at_the_read_back_is_not_added(form):
    form.to("Talk to a person", "Stay in this chat", "Kay")
    form.say("you stupid bot", "abuse")
    assert form.slots["handoff_about"] == "Kay"


def test_more_than_there_is_room_for_is_not_added_in_part(form):
    form.to("Talk to a person", "Stay in this chat", "Kay")
    again = form.say("and " * 250)
    assert again["text"].startswith("Sorry")
    assert form.slots["handoff_about"] == "Kay"


# what young people say of their adviser, of stopping, and of numbers that are not theirs


@pytest.mark.parametrize(
    "text", ["i dont want my pa to know about this", "not my pa", "someone that isnt my pa", "please dont tell my pa"]
)
def test_what_is_not_for_their_adviser_goes_to_duty_and_says_so(library, text):
    form = Form(library, has_pa=True)
    form.begin()
    reply = form.say(text, "ask_entry", entries=["personal-adviser"])
    assert (form.slots["handoff_to"], form.asked) == ("duty", "handoff_way")
    assert library.shelf.phrases("handoff_not_adviser") in reply["text"]
    assert "About: Not for my PA. Leo" in form.say_all("here", "Leo")["text"]


def test_what_is_said_of_their_adviser_is_no_choice_of_them(library):
    form = Form(library, has_pa=True)
    form.begin()
    form.say("Leo, my pa shouts at me all the time")
    assert form.slots.get("handoff_to") == "duty"


def test_a_reason_that_is_not_for_their_adviser_takes_it_from_them(library):
    form = Form(library, has_pa=True)
    form.begin("i need to speak to my pa")
    form.say_all("here")
    assert form.slots["handoff_to"] == "pa"
    reply = form.say("Leo. dont tell my pa")
    assert form.slots["handoff_to"] == "duty"
    assert "Not for my PA. Leo. dont tell my pa" in reply["text"]


def test_who_asks_what_their_adviser_sees_does_not_ask_for_them(form):
    form.begin()
    form.say("will my pa see this", "ask_identity")
    assert form.taken == {}


@pytest.mark.parametrize("asked", ["handoff_way", "handoff_phone", "handoff_about", "handoff_consent"])
@pytest.mark.parametrize(
    "text",
    ["nah leave it", "actually no", "nah forget it mate", "cba", "its fine dont worry", "i dont want to anymore",
     "nah allow it", "wait no", "no dont",
     "i dont want to talk to anyone", "stop it i dont wanna", "jk", "bye", "never mind ill call them"],
)  # fmt: skip
def test_taking_it_back_in_ones_own_words_stops_it(form, asked, text):
    form.begin()
    form.slots.update(
        handoff_asked=asked, handoff_way="call", handoff_to="duty", handoff_phone="07700 900123", handoff_about="rent"
    )
    form.say(text)
    assert form.slots["handoff_consent"] is None
    assert form.asked is None


@pytest.mark.parametrize("text", ["no thanks", "not now", "maybe later"])
def test_a_polite_no_stops_it_where_there_is_nothing_to_skip(form, text):
    form.begin()
    form.say(text)
    assert form.asked is None
    form.to("Talk to a person", "Stay in this chat", text)
    assert form.asked == "handoff_consent"


@pytest.mark.parametrize("text", ["i dont want to give my number", "id rather not say, dont wanna give it"])
def test_who_keeps_their_number_stays_in_the_chat_and_has_not_stopped(form, text):
    form.to("Talk to a person", "Call me")
    form.say(text, "stop", exact=True)
    assert (form.slots["handoff_way"], form.asked) == ("chat", "handoff_about")


@pytest.mark.parametrize("text", ["dont show them the whole chat", "why do they need the whole chat", "delete this chat"])
def test_the_word_chat_changes_no_way_by_itself(form, text):
    form.to("Talk to a person", "call me on 07700 900123", "Sam, rent")
    form.say(text, "delete_chat" if "delete" in text else "nlu_fallback")
    assert form.slots["handoff_way"] == "call"


def test_a_question_about_a_way_does_not_choose_it(form):
    form.begin()
    form.say("what happens if i stay in chat?")
    assert form.slots.get("handoff_way") is None


def test_another_way_with_the_same_number_is_taken_at_the_read_back(form):
    form.to("Talk to a person", "call me on 07700 900123", "Sam, rent")
    form.say("can u make it text not call", "ask_entry", entries=["crisis-help"])
    assert (form.slots["handoff_way"], form.slots["handoff_phone"]) == ("text", "07700 900123")


def test_a_number_that_is_not_to_be_called_is_not_the_one(form):
    form.to("Talk to a person", "Call me")
    form.say("my mums number is 0115 876 4800 but dont call that, call 07700 900123 instead")
    assert form.slots["handoff_phone"] == "07700 900123"


def test_a_number_to_be_called_on_is_taken_from_the_reason_and_no_other(form):
    form.to("Talk to a person", "Stay in this chat")
    form.say("my landlord is on 0115 876 4800")
    assert form.slots["handoff_way"] == "chat"
    form.to("Talk to a person", "Stay in this chat")
    form.say("Bo, rent. call me on 07700 900123")
    assert (form.slots["handoff_way"], form.slots["handoff_phone"]) == ("call", "07700 900123")


def test_a_thumb_sends_it_and_a_name_is_added(form):
    form.to("Talk to a person", "Stay in this chat", "rent")
    form.say("my names actually Kai", "ask_identity")
    assert form.slots["handoff_about"] == "rent\nmy names actually Kai"
    form.say("👍🏽")
    assert form.asked is None


def test_a_time_alone_is_kept_and_no_wrong_number(form):
    form.to("Talk to a person", "Call me")
    reply = form.say("after 4")
    assert reply["text"].startswith(form.library.shelf.phrases("handoff_added"))
    assert (form.slots["handoff_time"], form.asked) == ("after 4", "handoff_phone")


@pytest.mark.parametrize("text", ["my phones broke", "ive lost my phone", "my mobile got nicked"])
def test_who_has_no_phone_now_stays_in_the_chat(form, text):
    form.to("Talk to a person", "Call me")
    form.say(text)
    assert (form.slots["handoff_way"], form.asked) == ("chat", "handoff_about")
