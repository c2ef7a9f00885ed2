"""Whole conversations with the trained assistant: what it remembers, asks, corrects, and follows up."""

from __future__ import annotations

import re
from typing import Any

import pytest

from tests.e2e.program import Chat, Program

pytestmark = pytest.mark.slow


def entries(replies: list[dict[str, Any]]) -> list[str]:
    return [reply["entry"] for reply in replies if reply["kind"] == "answer"]


def asks(replies: list[dict[str, Any]]) -> list[str]:
    return [reply["asks"] for reply in replies if reply["kind"] == "question"]


def test_the_council_is_asked_for_once_and_remembered(program: Program):
    chat = Chat(program)
    assert asks(chat.say("do i have to pay council tax")) == ["authority"]
    [answer, *_] = chat.say("county")
    assert (answer["entry"], answer["authority"]) == ("council-tax", "nottinghamshire")
    assert "authority" not in asks(chat.say("how do i get a mentor"))


def test_somebody_who_does_not_know_the_council_gets_the_national_rule_and_is_not_asked_again(program: Program):
    chat = Chat(program)
    chat.say("money to set up my first home")
    [answer, *_] = chat.say("i dont know")
    assert (answer["entry"], answer["authority"]) == ("setting-up-home-allowance", "england")
    assert "authority" not in asks(chat.say("do i have to pay council tax"))


def test_a_council_is_corrected(program: Program):
    chat = Chat(program, "nottingham-city")
    assert chat.say("do i have to pay council tax")[0]["authority"] == "england"
    [answer, *_] = chat.say("im with the county actually")
    assert (answer["entry"], answer["authority"]) == ("council-tax", "nottinghamshire")


def test_another_council_never_gets_our_councils_offer(program: Program):
    chat = Chat(program)
    chat.say("do i have to pay council tax")
    [reply] = chat.say("leicestershire")
    assert reply["kind"] == "out-of-scope"
    assert "Leicestershire" in reply["text"]
    assert entries(chat.say("can i get free swimming")) == []


def test_the_age_settles_an_answer_and_is_asked_for_once(program: Program):
    chat = Chat(program, "nottinghamshire")
    replies = chat.say("do i have to pay council tax")
    assert asks(replies) == ["age"]
    [answer] = chat.say("im 19")
    assert answer["text"].startswith("At 19, this is for you.")
    assert "age" not in asks(chat.say("can i get free swimming"))


def test_rather_not_saying_is_taken(program: Program):
    chat = Chat(program, "nottinghamshire")
    chat.say("do i have to pay council tax")
    [answer] = chat.say("rather not say")
    assert answer["entry"] == "council-tax"
    assert "age" not in asks(chat.say("can i get free swimming"))


def test_at_most_two_questions_are_asked_about_one_entry(program: Program):
    chat = Chat(program, "nottingham-city")
    asked = asks(chat.say("where do i live in the uni holidays"))
    asked += asks(chat.say("19"))
    asked += asks(chat.say("no"))
    asked += asks(chat.say("no"))
    assert [what for what in asked if what in ("age", "situation")] == asked[:2]


@pytest.mark.parametrize(
    ("follow_up", "expected"),
    [
        ("how do i get it", "PA"),
        ("where does it say that", "Last checked"),
        ("what if they say no", "complain"),
        ("tell me more", ""),
        ("how much is it", "£3,000"),
    ],
)
def test_follow_ups_are_about_the_last_answer(program: Program, follow_up: str, expected: str):
    chat = Chat(program, "nottingham-city")
    assert entries(chat.say("money for furniture in my first flat"))[0] == "setting-up-home-allowance"
    [reply] = chat.say(follow_up)
    assert reply["entry"] == "setting-up-home-allowance"
    assert expected in reply["text"]


def test_a_supposed_age_counts_for_one_answer_only(program: Program):
    chat = Chat(program, "nottinghamshire")
    chat.say("im 17, do i have to pay council tax")
    [supposed] = chat.say("what about if im 22?")
    assert supposed["text"].startswith("At 22, this is for you.")
    [answer, *_] = chat.say("do i have to pay council tax")
    assert "not for you at 17" in answer["text"]


def test_the_other_council_is_a_follow_up(program: Program):
    chat = Chat(program, "nottinghamshire")
    chat.say("do i have to pay council tax")
    [answer, *_] = chat.say("and city?")
    assert answer["entry"] == "council-tax"
    assert "Nottingham City" in answer["text"]


def test_two_questions_in_one_message_get_both_answers(program: Program):
    chat = Chat(program, "nottinghamshire")
    replies = chat.say("do i have to pay council tax? and how do i see my care files?")
    assert entries(replies) == ["council-tax", "access-your-records"]


def test_stop_and_start_again_work_in_the_middle_of_a_question(program: Program):
    chat = Chat(program)
    chat.say("do i have to pay council tax")
    assert chat.say("stop")[0]["kind"] == "cancelled"
    assert chat.say("start again")[0]["kind"] == "notice"
    assert asks(chat.say("do i have to pay council tax")) == ["authority"]


def test_a_new_question_in_the_middle_of_a_question_is_answered(program: Program):
    chat = Chat(program, "nottinghamshire")
    assert asks(chat.say("do i have to pay council tax")) == ["age"]
    assert "access-your-records" in entries(chat.say("how do i see my care files"))


def test_a_quick_reply_leads_to_its_entry(program: Program):
    chat = Chat(program, "nottinghamshire")
    [answer, *_] = chat.say("do i have to pay council tax")
    choice = next(choice for choice in answer["choices"] if choice.get("entry"))
    assert entries(chat.say(choice["value"]))[0] == choice["entry"]


def test_a_person_is_always_named(program: Program):
    [reply] = Chat(program, "nottingham-city").say("Talk to a person")
    assert reply["kind"] == "handoff"
    assert re.search("0115 876 (4800|1000)", reply["text"]), "of whoever is there now"
    assert reply["handoff"]["status"] == "collecting"


@pytest.mark.parametrize("text", ["😭😭", "asdf qwer zxcv", "¿", "<b>hi</b>", "x" * 20_000])
def test_what_it_cannot_read_gets_a_clear_reply(program: Program, text: str):
    replies = Chat(program, "nottinghamshire").say(text)
    assert replies
    assert entries(replies) == []


def test_every_answer_carries_its_sources_with_when_they_were_checked(program: Program):
    [answer, *_] = Chat(program, "nottinghamshire").say("do i have to pay council tax")
    assert answer["sources"]
    for source in answer["sources"]:
        assert source["title"]
        assert "checked_on" in source


@pytest.mark.parametrize(
    "second",
    ["dont they have to help me cos i was on remand when i was 17", "my dad died last week", "can he do that", "qwrt zxcv"],
)
def test_whatever_is_said_to_a_question_it_replies_once(program: Program, second: str):
    chat = Chat(program, "nottinghamshire")
    chat.say("do i have to pay council tax")
    replies = chat.say(second)
    assert 1 <= len(replies) <= 2
    assert len({reply["text"] for reply in replies}) == len(replies)


def test_another_citys_young_person_who_lives_here_gets_no_offer_of_ours(program: Program):
    chat = Chat(program)
    replies = chat.say("i was in care with leicester city council and rent in nottingham now, do i pay council tax")
    assert "nottingham-city" not in [reply.get("authority") for reply in replies]
    assert "Leicester" in replies[0]["text"]


def test_where_somebody_lives_is_not_taken_for_who_looked_after_them(program: Program):
    chat = Chat(program)
    chat.say("money to set up my first home")
    replies = chat.say("i live in beeston")
    assert [reply.get("authority") for reply in replies if reply["kind"] == "answer"] == ["england"]


def test_somebody_frightened_gets_a_kind_word_and_a_person(program: Program):
    [reply, *_] = Chat(program, "nottingham-city").say("im scared")
    assert reply["text"].startswith("I am sorry")
    assert "0115 876 4800" in reply["text"]


def test_it_says_how_to_delete_the_chat(program: Program):
    [reply] = Chat(program).say("delete everything")
    assert "Delete this chat" in reply["text"]


def test_what_did_not_help_leads_to_something_else_and_then_to_a_person(program: Program):
    chat = Chat(program, "nottinghamshire")
    chat.say("how do i get a mentor")
    [first] = chat.say("that didnt help")
    assert any(choice.get("entry") not in (None, "mentoring") for choice in first["choices"])
    [second] = chat.say("still no help")
    assert second["kind"] == "handoff"


def test_one_can_go_back_to_the_answer_before(program: Program):
    chat = Chat(program, "nottinghamshire")
    chat.say("do i have to pay council tax")
    chat.say("how do i get a mentor")
    assert entries(chat.say("go back to what u said before")) == ["council-tax"]


def test_the_same_question_twice_gets_the_same_answer(program: Program):
    chat = Chat(program, "nottinghamshire")
    assert entries(chat.say("how do i get a mentor")) == entries(chat.say("how do i get a mentor")) == ["mentoring"]


def test_a_second_sentence_that_changes_the_first_is_what_is_answered(program: Program):
    chat = Chat(program, "nottinghamshire")
    assert entries(chat.say("how do i get a mentor. no wait, do i pay council tax")) == ["council-tax"]


@pytest.mark.parametrize("text", ["rent", "money", "help", "uni stuff"])
def test_a_message_that_names_only_a_subject_is_asked_about_with_choices(program: Program, text: str):
    [reply] = Chat(program, "nottinghamshire").say(text)
    assert reply["kind"] == "question"
    assert len(reply["choices"]) >= 2


@pytest.mark.parametrize("text", ["do i get birthday money", "has my grant been approved yet", "who won the football"])
def test_what_it_cannot_answer_is_said_and_a_person_offered(program: Program, text: str):
    [reply] = Chat(program, "nottinghamshire").say(text)
    assert reply["kind"] == "out-of-scope"
    assert reply["choices"][0]["label"] == "Talk to a person"


def test_another_language_gets_a_person_in_that_language_and_english_again_when_english_is_written(program: Program):
    chat = Chat(program)
    first, question = chat.say("سلام، من خانه ندارم. کمکم کنید")
    assert (first["language"], first["kind"], question["asks"]) == ("fa", "handoff", "authority")
    [team] = chat.say("Nottingham City")
    assert team["language"] == "fa"
    assert "0115 876 4800" in team["text"]
    replies = chat.say("ok do i have to pay council tax")
    assert entries(replies) == ["council-tax"]
    assert "language" not in replies[0]


def test_a_language_is_picked_by_its_own_name(program: Program):
    [unknown] = Chat(program, "nottinghamshire").say("nem beszélek angolul, segítséget kérek a lakáshoz")
    assert "Shqip" in [choice["label"] for choice in unknown["choices"]]
    [reply] = Chat(program, "nottinghamshire").say("Shqip")
    assert reply["language"] == "sq"


# a request for a person


def test_a_request_is_taken_down_read_back_and_passed_on(program: Program):
    chat = Chat(program)
    [council] = chat.say("Talk to a person")
    assert (council["asks"], council["handoff"]["status"]) == ("authority", "collecting")
    assert chat.say("county")[0]["asks"] == "contact"
    assert chat.say("Call me")[0]["asks"] == "contact"
    assert chat.say("07700 900123 after 4")[0]["asks"] == "name"
    [read_back] = chat.say("sam, my landlord wants me out")
    assert read_back["asks"] == "consent"
    for part in ("Nottinghamshire", "07700 900123", "after 4", "sam, my landlord wants me out"):
        assert part in read_back["text"]
    assert chat.say("Yes, send it")[-1]["handoff"]["status"] == "waiting"


def test_what_one_message_says_is_not_asked_for_again(program: Program):
    [reply] = Chat(program, "nottingham-city").say("call me on 07700 900123 after 4")
    assert (reply["kind"], reply["asks"]) == ("handoff", "name")


def test_an_adviser_is_asked_for_by_name_and_nobody_is_told_who_works_there(program: Program):
    chat = Chat(program, "nottingham-city")
    [reply] = chat.say("get me my pa Sarah")
    assert reply["handoff"]["to"] == "duty"
    assert "Sarah" not in reply["text"]
    chat.say("Stay in this chat")
    assert "For my PA, Sarah." in chat.say("Skip")[0]["text"]


def test_a_question_in_the_middle_of_a_request_is_answered_and_the_request_goes_on(program: Program):
    chat = Chat(program)
    assert chat.say("i want to speak to a human")[0]["asks"] == "authority"
    answer, council = chat.say("do i have to pay council tax")
    assert (answer["entry"], council["asks"]) == ("council-tax", "authority")
    chat.say("city")
    chat.say("Text me")
    answer, again = chat.say("how do i see my care files")
    assert (answer["entry"], again["asks"]) == ("access-your-records", "contact")
    assert chat.say("07700900123")[0]["asks"] == "name"


def test_a_wrong_number_is_asked_for_again_and_then_the_chat_is_offered(program: Program):
    chat = Chat(program, "nottinghamshire")
    chat.say("Talk to a person")
    chat.say("Call me")
    assert chat.say("0770 900")[0]["text"].startswith("Sorry")
    [offer] = chat.say("0770 901")
    assert [choice["label"] for choice in offer["choices"]] == ["Stay in this chat"]
    assert chat.say("Stay in this chat")[0]["asks"] == "name"
    assert "in this chat" in chat.say("Skip")[0]["text"]


def test_something_is_changed_before_it_is_sent(program: Program):
    chat = Chat(program, "nottinghamshire")
    chat.say("please ring me on 07700 900123")
    chat.say("Skip")
    chat.say("Change something")
    assert chat.say("Number")[0]["asks"] == "contact"
    assert "07700 900456" in chat.say("07700 900456 evenings")[0]["text"]
    assert chat.say("actually text me")[0]["asks"] == "consent"


@pytest.mark.parametrize("stop", ["stop", "nvm leave it", "No, stop"])
def test_a_request_is_called_off_and_can_be_made_again(program: Program, stop: str):
    chat = Chat(program, "nottinghamshire")
    chat.say("Talk to a person")
    chat.say("Stay in this chat")
    assert [reply["kind"] for reply in chat.say(stop)] == ["cancelled"]
    assert "council-tax" in entries(chat.say("do i have to pay council tax"))
    assert chat.say("get me a person")[0]["handoff"]["status"] == "collecting"


def test_starting_again_leaves_a_request(program: Program):
    chat = Chat(program, "nottinghamshire")
    chat.say("Talk to a person")
    assert chat.say("start again")[0]["kind"] == "notice"
    assert asks(chat.say("do i have to pay council tax")) == ["authority"]


def test_a_request_survives_chatter_and_is_sent_only_on_a_yes(program: Program):
    chat = Chat(program, "nottinghamshire")
    assert asks(chat.say("do i have to pay council tax")) == ["age"]
    assert chat.say("get me a person")[0]["handoff"]["status"] == "collecting"
    assert chat.say("im 19")[-1]["asks"] == "contact"
    chat.say("here")
    chat.say("Abdirahman, 19")
    for text in ("hello", "ok thanks", "blah", "who will see this"):
        assert chat.say(text)[-1]["asks"] == "consent"
    assert chat.say("yes")[-1]["handoff"]["status"] == "waiting"
