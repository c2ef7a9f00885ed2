"""The duty desk's canned replies are checked before they are published, and filled in for a case."""

from __future__ import annotations

import pytest

from content.replies import CannedReply, faults_of_replies, replies_of


def a_document(*texts: str) -> dict:
    return {"replies": [{"category": "Hello", "title": f"Title {place}", "text": text} for place, text in enumerate(texts)]}


def test_a_reply_is_filled_in_for_the_case():
    [reply] = replies_of(a_document("I am {name}. Your reference is {reference}."))
    assert reply.filled(name="Sam", reference="ABC234", council="") == "I am Sam. Your reference is ABC234."


@pytest.mark.parametrize("text", ["Hello {nobody}.", "Hello {name", "Hello {0}."])
def test_a_reply_that_cannot_be_filled_is_refused_where_it_stands(text):
    [(path, _)] = faults_of_replies(a_document("Hello.", text))
    assert path == ("replies", 1, "text")


def test_two_replies_of_one_title_are_refused():
    document = {"replies": [{"category": "Hello", "title": "Same", "text": "Hello."}] * 2}
    assert [path for path, _ in faults_of_replies(document)] == [("replies", 1, "title")]


def test_the_published_replies_are_the_seed_files(shelf):
    assert (
        CannedReply("Saying goodbye", "Anything else", "Is there anything else I can help you with today?") in shelf.replies
    )
