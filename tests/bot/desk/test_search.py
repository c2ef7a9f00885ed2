"""Words find the cases in which they occur, among those that one may see, and are kept out of everything that lasts."""

from __future__ import annotations

import traceback

import pytest
import sqlalchemy as sa

from bot.conversations.model import Author
from bot.conversations.store import add_message
from bot.desk import search
from bot.desk.model import Filter, Outcome, SearchRefused
from bot.desk.search import KEPT, LONGEST, MOST_WORDS, Search
from bot.staff.model import Role
from tests.bot.desk.office import CITY, COUNTY


@pytest.fixture
def finder(office) -> Search:
    return Search(office.database, office.audit, clock=office.clock)


@pytest.fixture
def sam(office):
    return office.member("Sam Lee")


@pytest.fixture
def find(office, finder):
    def references(member, typed: str) -> list[str]:
        ids = finder.found(member, finder.find(member, typed)).ids
        return [case.escalation.reference for case in office.cases.found(member, ids)[0]]

    return references


def writes(office, text: str, authority: str | None = CITY):
    """The case of somebody who has written this."""
    chat = office.chat(authority)
    office.writes(chat, text)
    return office.asks(chat)


# what is found


def test_words_of_both_sides_of_what_it_is_about_and_of_notes_find_a_case(office, sam, find):
    chat = office.chat()
    office.writes(chat, "my Bike was nicked")
    case = office.asks(chat, about="the College")
    office.case(about="something else")
    office.duty.take(sam, case.reference)
    office.duty.reply(sam, case.reference, "call the Insurer", "a1")
    office.duty.note(sam, case.reference, "her tutor is Foxton")
    with office.database.write() as connection:
        add_message(connection, chat.id, Author.ASSISTANT, {"kind": "answer", "text": "Council Tax is"}, None)
    for word in ("bike", "COLLEGE", "insur", "foxton", "Council", case.reference, case.reference[1:].lower()):
        assert find(sam, word) == [case.reference], word


def test_open_and_closed_cases_are_found_the_newest_first(office, sam, find):
    cases = [writes(office, "my landlord") for _ in range(3)]
    office.duty.take(sam, cases[1].reference)
    office.duty.close(sam, cases[1].reference, Outcome.HELPED)
    assert find(sam, "landlord") == [case.reference for case in reversed(cases)]


def test_what_the_assistant_tells_everybody_finds_nobody(office, sam, find):
    case = office.case()
    assert any("reference" in said.text for said in office.said(case))
    assert find(sam, "reference") == []


def test_several_words_must_all_occur_wherever_in_the_case_they_are(office, sam, find):
    both, one = writes(office, "damp flat"), writes(office, "a damp room")
    office.duty.take(sam, both.reference)
    office.duty.note(sam, both.reference, "rings on Monday")
    assert find(sam, "monday  DAMP\n") == [both.reference]
    assert find(sam, f"damp {one.reference}") == [one.reference]
    assert find(sam, "damp room monday") == []


def test_only_cases_that_one_may_see_are_found(office, sam, find):
    mine, unknown = writes(office, "my landlord"), writes(office, "my landlord", None)
    theirs = writes(office, "my landlord", COUNTY)
    pat, cora = office.member("Pat Poe", Role.PA), office.member("Cora Day", authority=COUNTY)
    assert find(sam, "landlord") == [unknown.reference, mine.reference]
    assert find(cora, "landlord") == [theirs.reference, unknown.reference]
    assert find(office.member("Ada Min", Role.ADMIN), "landlord") == [theirs.reference, unknown.reference, mine.reference]
    assert (
        find(sam, theirs.reference) == find(pat, "landlord") == find(office.member("Ed Itor", Role.EDITOR), "landlord") == []
    )


def test_a_note_finds_its_own_case_alone(office, sam, find):
    pat, chat = office.member("Pat Poe", Role.PA), office.chat()
    first = office.asks(chat)
    office.duty.take(sam, first.reference)
    office.duty.note(sam, first.reference, "zeppelin")
    office.duty.close(sam, first.reference, Outcome.HELPED)
    second = office.asks(chat)
    office.duty.take(sam, second.reference)
    office.duty.hand(sam, second.reference, pat.id)
    assert find(sam, "zeppelin") == [first.reference]
    assert find(pat, "zeppelin") == []


def test_a_deleted_chat_is_found_by_its_reference_alone(office, sam, find):
    chat = office.chat()
    office.writes(chat, "my landlord")
    case = office.asks(chat, about="the flat")
    office.store.delete(chat.id)
    assert find(sam, "landlord") == find(sam, "flat") == []
    assert find(sam, case.reference) == [case.reference]


@pytest.mark.parametrize(
    ("typed", "written", "other"),
    [
        ("0%", "only 50% of it", "only 500 of it"),
        ("a_b", "a_b@example.org", "axb@example.org"),
        ("50/", "50/50", "50-50"),
        ("\\", "C:\\letters", "C:letters"),
        ("'';--", "'';-- said Bobby", "said Bobby"),
        ("🙂", "thanks 🙂", "thanks 🙃"),
        ("rent\x00flat", "the rentflat", "the rent flat"),
        ("don't", "i don’t know", "i dont know"),
        ("don’t", "i don't know", "i donut know"),
        ("привіт", "ПРИВІТ", "бувай"),
        ("Çağrı", "çağrı, please", "cagri, please"),
    ],
)
def test_a_word_is_taken_as_it_is_typed(office, sam, find, typed, written, other):
    case, _ = writes(office, written), writes(office, other)
    assert find(sam, typed) == [case.reference]


@pytest.mark.parametrize("typed", ["", "  \n", "\x00", "x" * (LONGEST + 1), " ".join("abcdefghijkl"[: MOST_WORDS + 1])])
def test_what_cannot_be_searched_for_is_refused_with_a_sentence(office, sam, finder, typed):
    with pytest.raises(SearchRefused, match=r"^[A-Z].*\.$"):
        finder.find(sam, typed)
    assert office.audit.search(what="cases searched") == []


def test_a_search_gives_the_newest_and_says_that_there_are_more(office, sam, finder, monkeypatch):
    monkeypatch.setattr(search, "MOST_FOUND", 2)
    ids = [writes(office, "my landlord").id for _ in range(3)]
    found = finder.found(sam, finder.find(sam, "landlord"))
    assert (found.ids, found.has_more) == (ids[:0:-1], True)
    assert (
        finder.found(sam, finder.find(sam, f"landlord {office.cases.by_id(sam, ids[0]).escalation.reference}")).ids
        == ids[:1]
    )
    assert [row.detail for row in office.audit.search(what="cases searched")] == ["1 found", "2 found, and there are more"]


def test_what_was_found_is_filtered_and_seen_only_while_one_may(office, sam, finder):
    asked, danger = writes(office, "my landlord"), office.cries(office.chat())
    ids = finder.found(sam, finder.find(sam, "landlord")).ids
    assert office.cases.found(sam, [*ids, danger.id], filter=Filter(is_danger=True))[0][0].escalation.id == danger.id
    assert office.cases.found(sam, ids, filter=Filter(is_danger=True)) == ([], False)
    assert [case.escalation.id for case in office.cases.found(sam, ids)[0]] == [asked.id]
    office.set(asked, authority=COUNTY)
    assert office.cases.found(sam, ids) == ([], False)


# what is kept of it


def test_a_search_is_in_the_audit_with_who_and_how_many_and_without_the_words(office, sam, finder):
    writes(office, "my landlord")
    for typed in ("landlord", "xylophone"):
        finder.find(sam, typed)
    rows = office.audit.search(what="cases searched")
    assert [(row.member, row.authority, row.subject, row.detail) for row in rows] == [
        (sam.id, CITY, None, "0 found"),
        (sam.id, CITY, None, "1 found"),
    ]


def test_what_was_found_is_its_finders_alone_and_for_a_while(office, sam, finder):
    key = finder.find(sam, "landlord")
    assert finder.found(sam, key).words == "landlord"
    assert finder.found(office.member("Dana Fox"), key) is None
    assert finder.found(sam, "nonsense") is None
    office.clock.now += KEPT
    assert finder.found(sam, key) is None


def test_what_is_old_or_too_much_is_forgotten(office, sam, finder, monkeypatch):
    monkeypatch.setattr(search, "MOST_KEPT", 2)
    keys = [finder.find(sam, word) for word in ("one", "two", "three")]
    assert [finder.found(sam, key) is None for key in keys] == [True, False, False]
    office.clock.now += KEPT
    finder.find(sam, "four")
    assert [found.words for found in finder._kept.values()] == ["four"]


def test_a_search_that_fails_leaves_no_words_in_a_log_or_an_error(office, sam, finder, caplog):
    with office.database.write() as connection:
        connection.execute(sa.text("ALTER TABLE escalation_notes RENAME TO escalation_notes_away"))
    word = "xylo" + "phone"
    with pytest.raises(SearchRefused) as refused:
        finder.find(sam, word)
    told = "".join(traceback.format_exception(None, refused.value, refused.value.__traceback__))
    assert "A search of the desk failed" in caplog.text
    assert word not in caplog.text + told + repr(finder._kept)
    assert office.audit.search(what="cases searched") == []


def test_what_is_kept_is_not_shown_where_it_is_printed(sam, finder):
    assert "xylophone" not in repr(finder.found(sam, finder.find(sam, "xylophone")))
