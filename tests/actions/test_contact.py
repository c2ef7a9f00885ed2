"""What is read of whom somebody wants, by which way, on which number or address, and when."""

from __future__ import annotations

import time

import pytest

from actions.contact import Contact, adviser_wish, email_in, is_question, phone_in, read, read_reply, reason_in


@pytest.mark.parametrize(
    ("text", "contact"),
    [
        ("call me on 07700 900123 after 4", Contact("call", "07700 900123", None, "after 4")),
        ("could you ring me on 07700900123 tomorrow morning", Contact("call", "07700 900123", None, "tomorrow morning")),
        ("ring me 4pm on 07700-900-123", Contact("call", "07700 900123", None, "4pm")),
        ("call us between 9 and 5 on weekdays", Contact("call", None, None, "between 9 and 5 on weekdays")),
        ("text me after school", Contact("text", None, None, "after school")),
        ("email me at sam@example.com", Contact("email", None, "sam@example.com", None)),
        ("sam@example.com", Contact("email", None, "sam@example.com", None)),
        ("can you talk to me on here", Contact("chat", None, None, None)),
        ("my number is 07700 900123", Contact(None, "07700 900123", None, None)),
    ],
)
def test_one_message_may_say_several_things(text, contact):
    assert read(text) == contact


@pytest.mark.parametrize(
    "text",
    [
        "Talk to a person",
        "getting kicked out tmrw dont want a bot",
        "my phone is broke get me someone",
        "they never call me names now i need to talk",
        "im 17 and skint, is there someone",
    ],
)
def test_what_is_not_about_reaching_them_says_nothing_of_it(text):
    assert read(text) == Contact()


@pytest.mark.parametrize(
    ("text", "way"),
    [
        ("text me dont call me", "text"),
        ("please dont call me", None),
        ("i cant talk on the phone, text me", "text"),
        ("not by phone. by email", "email"),
    ],
)
def test_a_way_that_is_refused_is_not_taken(text, way):
    assert read(text).way == way


@pytest.mark.parametrize(
    ("text", "way"),
    [("phone", "call"), ("text pls", "text"), ("email", "email"), ("here is fine", "chat"), ("no calls", None)],
)
def test_in_reply_to_how_one_word_is_enough(text, way):
    assert read(text).way is None
    assert read(text, asked_how=True).way == way


@pytest.mark.parametrize(
    ("written", "number"),
    [
        ("07700900123", "07700 900123"),
        ("+44 7700 900123", "07700 900123"),
        ("0044 7700 900123", "07700 900123"),
        ("(0115) 876 4800", "0115 876 4800"),
        ("08001111", "0800 1111"),
        ("+48 601 234 567", "+48 601 234 567"),
        ("0048 601 234 567", "+48 601 234 567"),
    ],
)
def test_british_and_foreign_numbers_are_taken_as_one_dials_them(written, number):
    found = phone_in(f"its {written} ok")
    assert found is not None
    assert found[0] == number


@pytest.mark.parametrize("written", ["0770090012", "077009001234", "876 4800", "999", "im 19", "1 2 3 4 5 6 7 8 9 10 11 12"])
def test_a_number_with_too_few_or_too_many_digits_is_not_taken(written):
    assert phone_in(written, anything=True) is None


def test_any_ten_digits_are_a_number_only_where_one_was_asked_for():
    assert phone_in("my NHS number is 943 476 5919") is None
    assert read_reply("7700900123").phone == "07700 900123"


@pytest.mark.parametrize("written", ["sam at gmail.com", "sam@gmail", "@sam", "sam@@example.com"])
def test_an_address_that_cannot_exist_is_not_taken(written):
    assert email_in(written) is None


def test_an_address_is_found_whatever_stands_round_it():
    assert email_in("its Sam.Jones @ example.co.uk.") == "Sam.Jones@example.co.uk"


@pytest.mark.parametrize(
    ("reply", "when"),
    [
        ("07700 900123 after 4", "after 4"),
        ("07700900123 4pm", "4pm"),
        ("my number is 07700900123 when my foster mum is out", "when my foster mum is out"),
        ("not before 5, 07700900123", "not before 5"),
        ("its 07700 900123 thanks", None),
        ("07700900123", None),
    ],
)
def test_what_stands_beside_the_number_is_the_time_in_their_words(reply, when):
    assert read_reply(reply) == Contact(None, "07700 900123", None, when)


def test_a_time_without_a_number_is_kept():
    assert read_reply("after 4") == Contact(None, None, None, "after 4")


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("get me my pa", ""),
        ("GET ME MY PA NOW", ""),
        ("My PA", ""),
        ("can you let my pa know i need them", ""),
        ("pass me over to my personal adviser would ya", ""),
        ("get my pa Sarah Jones please", "Sarah Jones"),
        ("i want my pa, she is called sarah", "sarah"),
        ("I want to talk to my PA. She never rings", ""),
        ("can i talk to Janet shes my pa", "Janet"),
        ("can i speak to Ola Nowak, she is my adviser", "Ola Nowak"),
        ("Call Femi, who's my PA", "Femi"),
    ],
)
def test_who_asks_for_their_adviser_is_heard_with_the_name(text, name):
    assert adviser_wish(text) == name


@pytest.mark.parametrize(
    "text",
    [
        "i want my pa changed",
        "i need to talk to someone about my pa",
        "get me my paper",
        "get karen",
        "change it to my PA ignores me",
        "tell my pa never rings",
    ],
)
def test_who_only_speaks_of_an_adviser_does_not_ask_for_them(text):
    assert adviser_wish(text) is None


@pytest.mark.parametrize(
    "text", ["1 " * 10_000, "0" * 20_000, "call me " * 2_500, "no " * 7_000, "1 to " * 4_000, "a@" * 10_000]
)
def test_a_long_message_is_read_at_once(text):
    started = time.process_time()
    read(text, asked_how=True)
    read_reply(text)
    adviser_wish(text)
    reason_in(text)
    assert time.process_time() - started < 1


@pytest.mark.parametrize(
    ("text", "before", "reason"),
    [
        ("call me after 4, its about my rent", "call me after 4,", "its about my rent"),
        ("It's about College", "", "It's about College"),
        ("this is to do with my flat", "", "this is to do with my flat"),
        ("about 4 is fine", "about 4 is fine", None),
        ("is it about time", "is it about time", None),
    ],
)
def test_what_it_is_about_is_told_from_the_rest(text, before, reason):
    assert reason_in(text) == (before, reason)


@pytest.mark.parametrize(
    "text", ["how much is it", "hi can i get help", "rent?", "WHO SEES THIS", "so what happens", "shud i wait"]
)
def test_a_question_is_known_by_how_it_begins_or_ends(text):
    assert is_question(text)


@pytest.mark.parametrize("text", ["my rent", "i dont know what to do", "Candice", "hello", "whatever", "07700 900123"])
def test_what_does_not_ask_is_no_question(text):
    assert not is_question(text)
