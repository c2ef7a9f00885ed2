"""What a case taught is suggested without a word of whose case it was, and is published once or erased."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
import sqlalchemy as sa

from bot.desk.model import ActRefused, CaseNotFound
from bot.desk.suggestions import (
    LONGEST_ANSWER,
    LONGEST_QUESTION,
    SHORTEST,
    Kind,
    Suggestion,
    SuggestionNotFound,
    Suggestions,
)
from bot.desk.tables import suggestions as table
from bot.desk.tray import Tray
from bot.staff.model import Role
from content.database import Database
from content.editor import Origin, grow_version, revise
from content.tables import published, revisions, state
from tests.bot.desk.office import CITY, COUNTY

QUESTION, ANSWER = "can i get a bus pass for college", "Yes. Ask your PA for the form.\n\nIt takes two weeks."
ENTRY = {"title": "Free travel", "label": "Travel", "about": "travel", "topic": "money", "next": ["rent"],
         "questions": ["bus pass", "free bus", "train fare"]}  # fmt: skip
ANSWERS = {"position": "gives", "scope": "everywhere", "lead": "Ask your PA.", "basis": "may", "review_by": "2027-01-01",
           "sources": [{"title": "A page", "publisher": "A council", "dated": None}]}  # fmt: skip
CONTENT = [
    ("topics", "topics", {"topics": [{"id": "money", "title": "Money", "first": ["travel"]}]}),
    ("authority", "england",
     {"name": "England", "label": "England", "kind": "nation", "owner": "Ana", "team": {"name": "A line", "phone": "101"}}),
    ("entry", "travel", ENTRY),
    ("entry", "rent", {**ENTRY, "title": "Rent", "next": ["travel"]}),
    ("entitlement", "england/travel", ANSWERS),
    ("entitlement", "england/rent", ANSWERS),
]  # fmt: skip


def put(database: Database, kind: str, key: str, body: object) -> None:
    with database.write() as connection:
        revise(connection, kind, key, body, origin=Origin.SEED, author="seed files")
        grow_version(connection)


@pytest.fixture(autouse=True)
def content(database: Database) -> None:
    """A Local Offer of two entries: it is loaded in no time."""
    for document in CONTENT:
        put(database, *document)


@pytest.fixture
def desk(office) -> Suggestions:
    return Suggestions(office.database, office.audit, clock=office.clock)


@pytest.fixture
def sam(office):
    return office.member("Sam Lee")


@pytest.fixture
def edi(office):
    return office.member("Edi Tor", Role.EDITOR)


@pytest.fixture
def case(office):
    return office.case()


def example(desk, member, case, question=QUESTION, **changed):
    desk.make(member, case.reference, Kind.EXAMPLE, question, **{"entry": "travel", "is_clean": True, **changed})


def draft(desk, member, case, question=QUESTION, **changed):
    desk.make(member, case.reference, Kind.ENTRY, question, **{"answer": ANSWER, "is_clean": True, **changed})


def rows(database: Database) -> list:
    with database.read() as connection:
        return connection.execute(sa.select(table).order_by(table.c.id)).all()


def examples(database: Database, key: str = "travel") -> list[str]:
    """The published questions of an entry."""
    with database.read() as connection:
        body = connection.execute(
            sa.select(revisions.c.body)
            .join(published, published.c.revision_id == revisions.c.id)
            .where(published.c.kind == "entry", published.c.key == key)
        ).scalar_one()
    return list(body["questions"])


def refused(database, act, *, match):
    """The act is refused with this sentence, and nothing is changed by it."""
    before = (rows(database), examples(database))
    with pytest.raises(ActRefused, match=match) as error:
        act()
    assert str(error.value)[0].isupper()
    assert (rows(database), examples(database)) == before


# making


def test_a_suggestion_holds_staffs_words_and_nothing_that_leads_to_the_case(office, desk, sam, edi, case):
    example(desk, sam, case, f"  {QUESTION}\n ")
    draft(desk, sam, case)
    common = {"made_at": office.clock.now, "by": "Sam Lee", "authority": CITY, "question": QUESTION}
    assert desk.waiting(edi) == [
        Suggestion(id=1, kind=Kind.EXAMPLE, entry="travel", answer=None, **common),
        Suggestion(id=2, kind=Kind.ENTRY, entry=None, answer=ANSWER, **common),
    ]
    assert {column.name for column in table.columns} == {
        "id", "made_at", "staff_id", "authority", "kind", "entry", "question", "answer", "status", "decided_at",
        "decided_by",
    }  # fmt: skip
    kept = repr(rows(office.database)) + repr(office.audit.search(what="suggestion made"))
    assert case.reference not in kept
    assert case.conversation_id not in kept


def test_who_may_see_a_case_suggests_from_it_and_nobody_else(office, desk, edi):
    pat, ada = office.member("Pat Poe", Role.PA), office.member("Ada Min", Role.ADMIN)
    case = office.asks(office.chat(pa=pat), to_pa=True)
    for number, member in enumerate((office.member("Sam Lee"), pat, ada)):
        example(desk, member, case, f"question {number}")
    off = office.member("Otto Off")
    office.accounts.switch_off(off.id, None)
    others = [
        edi,
        office.accounts.member(off.id),
        office.member("Cora Day", authority=COUNTY),
        office.member("Paul Roe", Role.PA),
    ]
    for member in others:
        with pytest.raises(CaseNotFound) as hidden:
            # Whatever else is wrong: nobody learns from it that there is such a case.
            example(desk, member, case, "", is_clean=False)
        with pytest.raises(CaseNotFound) as unknown:
            desk.make(member, "NOSUCH", Kind.EXAMPLE, QUESTION, entry="travel", is_clean=True)
        assert str(hidden.value) == str(unknown.value)
    assert len(rows(office.database)) == 3


@pytest.mark.parametrize(
    ("make", "changed", "sentence"),
    [
        (example, {"is_clean": False}, "take out everything"),
        (example, {"question": " \n"}, "Please write the question"),
        (example, {"question": "x" * (SHORTEST - 1)}, "Please write the question"),
        (example, {"question": "x" * (LONGEST_QUESTION + 1)}, "Please write the question"),
        (example, {"entry": ""}, "Please choose the entry"),
        (example, {"entry": "trav\x00el?"}, "There is no such entry"),
        (example, {"question": " Bus \n PASS"}, "among the examples of “Free travel” already"),
        (draft, {"is_clean": False}, "take out everything"),
        (draft, {"question": ""}, "Please write the question"),
        (draft, {"answer": "\x00"}, "Please write the answer"),
        (draft, {"answer": "x" * (LONGEST_ANSWER + 1)}, "Please write the answer in 2 to 5,000"),
    ],
)
def test_what_cannot_be_a_suggestion_is_refused_with_a_sentence(office, desk, sam, case, make, changed, sentence):
    refused(office.database, lambda: make(desk, sam, case, **changed), match=sentence)


@pytest.mark.parametrize("length", [SHORTEST, LONGEST_QUESTION])
def test_a_question_is_as_long_as_the_contents_own_may_be(office, desk, sam, edi, case, length):
    example(desk, sam, case, "x" * length)
    [waiting] = desk.waiting(edi)
    desk.use_example(edi, waiting.id)
    assert examples(office.database)[-1] == "x" * length


def test_of_a_chat_that_the_person_deleted_nothing_is_suggested(office, desk, sam, case):
    office.store.delete(case.conversation_id)
    refused(office.database, lambda: draft(desk, sam, case), match="has deleted this chat")


def test_the_same_sent_twice_waits_once(office, desk, sam, case):
    for make in (example, draft, example, draft):
        make(desk, sam, case)
    example(desk, sam, case, entry="rent")
    example(desk, sam, case, f"{QUESTION} please")
    assert [row.kind for row in rows(office.database)] == ["example", "entry", "example", "example"]


# who decides


async def test_an_editor_has_those_of_their_council_and_those_without_one(office, desk, sam, edi):
    ada = office.member("Ada Min", Role.ADMIN)
    for council in (CITY, COUNTY, None):
        example(desk, ada, office.case(council), f"question of {council}")
    city, county, none = (f"question of {council}" for council in (CITY, COUNTY, None))
    off = office.member("Otto Off", Role.EDITOR)
    office.accounts.switch_off(off.id, None)
    seen = {
        edi: [city, none],
        office.member("Coe Ty", Role.EDITOR, COUNTY): [county, none],
        office.member("Eve Ry", Role.EDITOR, None): [city, county, none],
        ada: [city, county, none],
        sam: [],
        office.member("Pat Poe", Role.PA): [],
        office.accounts.member(off.id): [],
    }
    tray = Tray(desk)
    await tray.look()
    for member, questions in seen.items():
        assert [each.question for each in desk.waiting(member)] == questions, member
        assert tray.count(member) == len(questions), member


async def test_what_is_decided_is_no_longer_counted(office, desk, sam, edi, case):
    example(desk, sam, case)
    tray = Tray(desk)
    assert tray.count(edi) == 0
    await tray.look()
    assert tray.count(edi) == 1
    desk.dismiss(edi, 1)
    await tray.look()
    assert tray.count(edi) == 0


def test_what_is_not_for_somebody_does_not_exist_for_them(office, desk, sam, case):
    example(desk, sam, case)
    draft(desk, sam, case)
    before = rows(office.database)
    for member in (sam, office.member("Coe Ty", Role.EDITOR, COUNTY)):
        for act in (desk.use_example, desk.done, desk.dismiss):
            for id in (1, 2, 999):
                with pytest.raises(SuggestionNotFound, match=r"^There is no such suggestion"):
                    act(member, id)
    assert rows(office.database) == before


# deciding


def test_an_example_that_is_used_is_published_under_the_editors_name_and_erased_here(office, desk, sam, edi, case):
    example(desk, sam, case)
    office.clock.turn(hours=1)
    with office.database.read() as connection:
        version = connection.execute(sa.select(state.c.version)).scalar_one()
    desk.use_example(edi, 1)
    assert examples(office.database) == [*ENTRY["questions"], QUESTION]
    with office.database.read() as connection:
        newest = connection.execute(sa.select(revisions).order_by(revisions.c.id.desc())).first()
        assert connection.execute(sa.select(state.c.version)).scalar_one() == version + 1
    assert (newest.author, newest.origin, newest.body) == (
        "Edi Tor",
        "staff",
        {**ENTRY, "questions": newest.body["questions"]},
    )
    [row] = rows(office.database)
    assert (row.status, row.question, row.decided_by) == ("used", None, edi.id)
    assert desk.waiting(edi) == []


def test_a_draft_is_settled_when_it_was_published_by_hand_and_never_from_here(office, desk, sam, edi, case):
    draft(desk, sam, case)
    example(desk, sam, case)
    for act, id in ((desk.use_example, 1), (desk.done, 2)):
        with pytest.raises(SuggestionNotFound):
            act(edi, id)
    desk.done(edi, 1)
    row = rows(office.database)[0]
    assert (row.status, row.question, row.answer) == ("used", None, None)
    assert examples(office.database) == ENTRY["questions"]


@pytest.mark.parametrize("make", [example, draft])
def test_what_is_dismissed_is_erased_and_not_published(office, desk, sam, edi, case, make):
    make(desk, sam, case)
    desk.dismiss(edi, 1)
    [row] = rows(office.database)
    assert (row.status, row.question, row.answer, row.decided_by) == ("dismissed", None, None, edi.id)
    assert examples(office.database) == ENTRY["questions"]


def test_nothing_is_decided_twice(office, desk, sam, edi, case):
    example(desk, sam, case)
    draft(desk, sam, case)
    desk.use_example(edi, 1)
    desk.dismiss(edi, 2)
    for act, id in ((desk.use_example, 1), (desk.dismiss, 1), (desk.done, 2), (desk.dismiss, 2)):
        refused(office.database, lambda act=act, id=id: act(edi, id), match="decided about this suggestion already")


def test_of_many_who_decide_about_one_at_once_one_does(office, desk, sam, edi, case):
    def outcome(act, id: int) -> str:
        try:
            act(edi, id)
        except ActRefused as refusal:
            return str(refusal)
        return ""

    for id in range(1, 6):
        example(desk, sam, case, f"question {id}")
        with ThreadPoolExecutor(4) as threads:
            acts = (desk.use_example, desk.dismiss) * 2
            refusals = sorted(threads.map(outcome, acts, [id] * 4))
        assert refusals == ["", *["Somebody has decided about this suggestion already."] * 3]
    used = [row.id for row in rows(office.database) if row.status == "used"]
    assert examples(office.database) == [*ENTRY["questions"], *(f"question {id}" for id in used)]


def test_of_many_that_are_used_at_once_none_is_lost(office, desk, sam, edi, case):
    questions = [f"question {number}" for number in range(8)]
    for question in questions:
        example(desk, sam, case, question)
    with ThreadPoolExecutor(4) as threads:
        list(threads.map(lambda id: desk.use_example(edi, id), range(1, 9)))
    assert sorted(examples(office.database)) == sorted([*ENTRY["questions"], *questions])


def unpublish(database: Database) -> None:
    with database.write() as connection:
        connection.execute(sa.delete(published).where(published.c.key == "england/travel"))


def test_what_the_contents_editor_refuses_waits_on_and_says_why(office, desk, sam, edi, case):
    example(desk, sam, case)
    unpublish(office.database)
    sentence = "cannot be published with it.*no authority has an answer for this entry"
    refused(office.database, lambda: desk.use_example(edi, 1), match=sentence)
    put(office.database, "entry", "travel", {**ENTRY, "questions": [*ENTRY["questions"], QUESTION.upper()]})
    refused(office.database, lambda: desk.use_example(edi, 1), match="among the examples of “Free travel” already")
    with office.database.write() as connection:
        connection.execute(sa.update(table).values(entry="gone"))
    refused(office.database, lambda: desk.use_example(edi, 1), match="no longer published")
    assert [each.question for each in desk.waiting(edi)] == [QUESTION]
    assert office.audit.search(what="suggestion used") == []


def test_all_is_in_the_audit_with_who_did_it_and_no_words(office, desk, sam, edi, case):
    for make in (example, draft):
        make(desk, sam, case)
    example(desk, sam, case, "another")
    desk.use_example(edi, 1)
    desk.done(edi, 2)
    desk.dismiss(edi, 3)
    found = [row for row in reversed(office.audit.search()) if row.what.startswith("suggestion")]
    assert [(row.what, row.member, row.subject, row.detail) for row in found] == [
        ("suggestion made", sam.id, "suggestion 1", "example travel"),
        ("suggestion made", sam.id, "suggestion 2", "entry"),
        ("suggestion made", sam.id, "suggestion 3", "example travel"),
        ("suggestion used", edi.id, "suggestion 1", "example travel"),
        ("suggestion used", edi.id, "suggestion 2", "entry"),
        ("suggestion dismissed", edi.id, "suggestion 3", "example travel"),
    ]
    assert {row.authority for row in found} == {CITY}
