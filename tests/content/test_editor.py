"""What staff publish is checked, versioned and live at once; urgent help needs a second person."""

from __future__ import annotations

from datetime import datetime, timezone
from pathlib import Path

import pytest
import sqlalchemy as sa

from content.crisis import Danger
from content.database import Database
from content.editor import EditRefused, add_phrase, add_question, body_of, phrases_added, publish, publish_all, remove_phrase
from content.library import Library
from content.loader import load
from content.seed import Document
from content.tables import revisions

NOON = datetime(2026, 11, 23, 12, tzinfo=timezone.utc)
LEAD = "I hear you. Please talk to somebody now."


@pytest.fixture
def loaded(database: Database) -> Database:
    load(database)
    return database


def suicide(database: Database, **changed: object) -> dict:
    return {**Library(database).shelf.crisis["suicide"], **changed}


def test_urgent_help_that_a_second_person_approved_is_said_at_once(loaded: Database):
    publish(loaded, "crisis", "suicide", suicide(loaded, lead=LEAD), author="Ana", approver="Ben")
    assert Library(loaded).shelf.urgent.text(Danger.SUICIDE, None, NOON).startswith(LEAD)


@pytest.mark.parametrize("approver", [None, "", "Ana", " Ana "])
def test_urgent_help_that_nobody_else_approved_is_refused(loaded: Database, approver):
    with pytest.raises(EditRefused, match="approval of somebody else"):
        publish(loaded, "crisis", "suicide", suicide(loaded, lead=LEAD), author="Ana", approver=approver)
    assert LEAD not in Library(loaded).shelf.urgent.text(Danger.SUICIDE, None, NOON)


@pytest.mark.parametrize(
    ("change", "rule"),
    [
        ({"numbers": ["nobody"]}, "there is no number 'nobody'"),
        ({"emergency": "call them"}, "{number}, once"),
        ({"lead": "Call 0800 000 000."}, "names a number"),
        ({"lead": "word " * 60}, "words; 35 at most"),
        ({"numbers": []}, "numbers"),
    ],
)
def test_urgent_help_that_breaks_a_rule_is_refused_with_its_place(loaded: Database, change, rule):
    with pytest.raises(EditRefused, match=rule.replace("{", r"\{").replace("}", r"\}")):
        publish(loaded, "crisis", "suicide", suicide(loaded, **change), author="Ana", approver="Ben")


def test_seed_files_do_not_replace_what_staff_published(loaded: Database):
    publish(loaded, "crisis", "suicide", suicide(loaded, lead=LEAD), author="Ana", approver="Ben")
    load(loaded)
    assert Library(loaded).shelf.crisis["suicide"]["lead"] == LEAD


def test_a_phrase_that_staff_add_is_published_and_each_change_is_kept(loaded: Database):
    add_phrase(loaded, Danger.SUICIDE, "catch  the bus ", author="Ana")
    add_phrase(loaded, Danger.SUICIDE, "meet nan again", author="Ben")
    assert Library(loaded).shelf.crisis_phrases[Danger.SUICIDE] == ["catch the bus", "meet nan again"]
    remove_phrase(loaded, Danger.SUICIDE, "catch the bus", author="Ana")
    assert phrases_added(loaded)[Danger.SUICIDE] == ["meet nan again"]
    with loaded.read() as connection:
        kept = connection.execute(sa.select(revisions.c.author).where(revisions.c.kind == "crisis_phrases")).scalars().all()
    assert kept == ["Ana", "Ben", "Ana"]


def test_a_phrase_that_is_there_or_is_not_is_said_in_a_sentence(loaded: Database):
    add_phrase(loaded, Danger.SUICIDE, "catch the bus", author="Ana")
    with pytest.raises(EditRefused, match="already"):
        add_phrase(loaded, Danger.SUICIDE, "catch the bus", author="Ana")
    with pytest.raises(EditRefused, match="always stay"):
        remove_phrase(loaded, Danger.SUICIDE, "kill myself", author="Ana")
    with pytest.raises(EditRefused):
        add_phrase(loaded, Danger.SUICIDE, "x", author="Ana")


def test_a_new_entry_and_its_answer_are_published_together_or_not_at_all(loaded: Database):
    shelf = Library(loaded).shelf
    with loaded.read() as connection:
        entry = body_of(connection, "entry", "council-tax")
        answer = body_of(connection, "entitlement", "england/council-tax")
    together = [
        Document(
            "entry", "new-thing", {**entry, "questions": ["is there a new thing", "new thing", "the new thing"]}, Path("e")
        ),
        Document("entitlement", "england/new-thing", answer, Path("a")),
    ]
    for alone in together:
        with pytest.raises(EditRefused):
            publish_all(loaded, [alone], author="Ana")
    assert Library(loaded).shelf.version == shelf.version
    publish_all(loaded, together, author="Ana")
    assert "new-thing" in Library(loaded).shelf.entries


def test_a_question_is_added_to_its_entry_once(loaded: Database):
    with loaded.write() as connection:
        add_question(connection, "council-tax", "who pays the council thing then", author="Ana")
    assert Library(loaded).shelf.entry("council-tax").questions[-1] == "who pays the council thing then"
    with loaded.write() as connection, pytest.raises(EditRefused, match="already"):
        add_question(connection, "council-tax", "Who pays the council thing then", author="Ana")
    with loaded.write() as connection, pytest.raises(EditRefused, match="no such entry"):
        add_question(connection, "no-such\x00thing", "who pays", author="Ana")
