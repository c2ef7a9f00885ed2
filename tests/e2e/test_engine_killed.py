"""Whenever the engine is killed while somebody asks for a person: they are answered as if nothing had happened, and once."""

from __future__ import annotations

import json
import os
import random
import signal
import threading
import time
import urllib.parse
import urllib.request
import uuid
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from bot.conversations.tables import escalation_contacts, escalation_log, escalations
from content.database import Database
from content.loader import load
from tests.e2e.forked_engine import SAVED, UNSAVED, Forks, Orders
from tests.e2e.program import ALL_KILLS, KILLS, Program, until
from tests.e2e.test_handover_survives import WebProcess, a_worker, again

pytestmark = pytest.mark.slow
QUESTION, MENTOR = "do i have to pay council tax", "how do i get a mentor"
NUMBER, ABOUT, SEND = "07700 900123 after 4", "sam, my landlord wants me out", "Yes, send it"
TO_BE_CALLED = ("Talk to a person", "county", "Call me", QUESTION, NUMBER, ABOUT, SEND)
IN_THE_CHAT = ("Talk to a person", "county", QUESTION, "Stay in this chat", ABOUT, SEND)
DIRECT = "Let the duty team read this chat"
PEOPLE = 3
ANSWER_SECONDS = 180
"""How long an answer may take on a busy machine when the engine has to load the model first."""


class Person:
    """Somebody in the chat. They read what is new as a page does."""

    def __init__(self, url: str) -> None:
        self._url, self._headers = f"{url}/api/v1/conversations", {"Content-Type": "application/json"}
        made = self._call("", {"authority": None})
        self.id, self.shown = made["id"], list(made["messages"])
        self._url += f"/{self.id}/messages"
        self._headers["Authorization"] = f"Bearer {made['token']}"

    def writes(self, text: str) -> None:
        body = {"text": text, "client_message_id": uuid.uuid4().hex}
        again(lambda: self._call("", body))
        self.looks()

    def asks(self, *texts: str) -> None:
        """Write these, each when the one before it has its answer."""
        for text in texts:
            self.writes(text)
            until(self.has_answer, ANSWER_SECONDS)

    def has_answer(self) -> bool:
        self.looks()
        return self.shown[-1]["author"] != "person" and self.shown[-1]["kind"] != "notice"

    def looks(self) -> None:
        self.shown.extend(again(lambda: self._call(f"?after={self.shown[-1]['id']}"))["messages"])

    @property
    def talk(self) -> list[tuple[str, str, str]]:
        """Who said what: without what was said of a late answer, and without the words that hold a reference and a time."""
        return [
            (each["author"], each["kind"], "" if is_of_a_case(each) else each["text"])
            for each in self.shown
            if each["kind"] != "notice"
        ]

    @property
    def notices(self) -> list[tuple[str, str]]:
        """After which words of whom they were told that the answer comes later."""
        return [(before["author"], before["text"]) for before, each in pairwise(self.shown) if each["kind"] == "notice"]

    @property
    def reference(self) -> str:
        """That of the last case that they were told of."""
        return str(next(each["handoff"]["reference"] for each in reversed(self.shown) if is_of_a_case(each)))

    def _call(self, path: str, body: dict[str, Any] | None = None) -> Any:
        data = None if body is None else json.dumps(body).encode()
        with urllib.request.urlopen(urllib.request.Request(self._url + path, data, self._headers), timeout=15) as response:
            return json.loads(response.read())


class Worker:
    """A duty worker at the desk's pages."""

    def __init__(self, url: str, database: Database) -> None:
        self._url = url
        _, session = a_worker(database)
        self._headers = {"Cookie": f"staff={session}", "Sec-Fetch-Site": "same-origin"}

    def does(self, act: str, reference: str, **form: str) -> None:
        data = urllib.parse.urlencode(form).encode()
        path = f"{self._url}/desk/cases/{reference}/{act}"
        with urllib.request.urlopen(urllib.request.Request(path, data, self._headers), timeout=15) as response:
            response.read()


def is_of_a_case(message: dict[str, Any]) -> bool:
    return bool(message.get("handoff") and message["handoff"]["reference"])


def is_ready(url: str) -> bool:
    try:
        with urllib.request.urlopen(f"{url}/readyz", timeout=5) as response:
            return bool(response.status == 200)
    except OSError:
        return False


def cases(database: Database, person: Person) -> list[dict[str, Any]]:
    """What the desk has of somebody: for each case how it is to be answered, what was said for it, and its log."""
    with database.read() as connection:
        rows = connection.execute(
            sa.select(escalations, escalation_contacts.c.phone, escalation_contacts.c.about, escalation_contacts.c.good_time)
            .outerjoin(escalation_contacts, escalation_contacts.c.escalation_id == escalations.c.id)
            .where(escalations.c.conversation_id == person.id)
            .order_by(escalations.c.id)
        ).all()
        return [
            {
                "way": row.way,
                "told": (row.phone, row.good_time, row.about),
                "log": connection.execute(
                    sa.select(escalation_log.c.what)
                    .where(escalation_log.c.escalation_id == row.id)
                    .order_by(escalation_log.c.id)
                )
                .scalars()
                .all(),
            }
            for row in rows
        ]


@pytest.fixture(scope="module")
def forks(trained: Path, loaded_database: Database, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Forks]:
    made = Forks(tmp_path_factory.mktemp("forks"), trained / "models", str(loaded_database.engine.url))
    yield made
    made.close()


@pytest.fixture
def orders(tmp_path: Path) -> Orders:
    return Orders(tmp_path)


@pytest.fixture
def url(forks: Forks, trained: Path, database: Database, tmp_path: Path) -> Iterator[str]:
    """Where the web process serves, with an engine that is ready."""
    load(database)
    (tmp_path / "models").symlink_to(trained / "models")
    web = WebProcess(tmp_path, database.engine.url.render_as_string(hide_password=False), forks.control)
    web.start()
    until(lambda: is_ready(web.url), 60)
    yield web.url
    web.kill()


def test_over_whichever_message_an_engine_dies_it_is_answered_once_and_as_if_none_had_died(
    url: str, database: Database, orders: Orders
):
    undisturbed, person = Person(url), Person(url)
    undisturbed.asks(*TO_BE_CALLED, MENTOR)
    for text in (*TO_BE_CALLED, MENTOR):
        orders.die(UNSAVED, SAVED)
        person.asks(text)
        assert orders.to_come == []
    time.sleep(2)
    person.looks()
    assert person.talk == undisturbed.talk
    assert person.notices == [("person", text) for text in (*TO_BE_CALLED, MENTOR)]
    [case] = cases(database, person)
    assert case == {"way": "call", "told": ("07700 900123", "after 4", ABOUT), "log": ["opened"]}


def through_it_all(url: str, worker: Worker) -> Person:
    """Somebody who asks for a person, talks to one, and goes on with the assistant until they ask again."""
    person = Person(url)
    person.asks(*IN_THE_CHAT)
    worker.does("take", person.reference)
    for number in range(3):
        person.writes(f"to a person {number}")
        worker.does("reply", person.reference, text=f"from a person {number}", client_message_id=f"a{number}")
        time.sleep(0.3)
    worker.does("close", person.reference, outcome="helped")
    person.looks()
    person.asks(MENTOR, *TO_BE_CALLED)
    return person


def test_whenever_engines_are_killed_people_get_through_to_a_person_and_back(url: str, database: Database, forks: Forks):
    worker = Worker(url, database)
    undisturbed = through_it_all(url, worker)
    people: list[Person] = []
    is_over = threading.Event()

    def come() -> None:
        while not is_over.is_set():
            people.append(through_it_all(url, worker))

    threads = [threading.Thread(target=come, daemon=True) for _ in range(PEOPLE)]
    for thread in threads:
        thread.start()
    chance = random.Random(7)  # noqa: S311
    for _ in range(KILLS):
        until(lambda: is_ready(url), 60)
        time.sleep(chance.uniform(0, 1))
        forks.kill_one()
    is_over.set()
    for thread in threads:
        thread.join(300)
        assert not thread.is_alive()
    assert len(people) >= PEOPLE
    time.sleep(2)
    for person in people:
        person.looks()
        assert person.talk == undisturbed.talk
        assert {author for author, _ in person.notices} <= {"person"}
        chat, call = cases(database, person)
        assert (chat["way"], chat["told"]) == ("chat", (None, None, ABOUT))
        assert (call["way"], call["told"]) == ("call", ("07700 900123", "after 4", ABOUT))
        assert chat["log"] == ["opened", "taken", "replied", *["wrote", "replied"] * 2, "closed"]
        assert call["log"] == ["opened"]


def test_what_is_written_while_there_is_no_engine_is_answered_in_its_order_by_the_next(
    url: str, database: Database, forks: Forks, orders: Orders
):
    person, undisturbed = Person(url), Person(url)
    undisturbed.asks(*TO_BE_CALLED)
    orders.hold()
    forks.kill_one()
    for text in TO_BE_CALLED:
        person.writes(text)
    assert person.notices == [("person", text) for text in TO_BE_CALLED]
    assert all("0115 804 1236" in each["text"] for each in person.shown if each["kind"] == "notice")
    orders.release()
    until(lambda: cases(database, person) == cases(database, undisturbed), 30)
    person.looks()
    for author in ("person", "assistant"):
        assert [each for each in person.talk if each[0] == author] == [
            each for each in undisturbed.talk if each[0] == author
        ]


def test_a_request_that_no_engine_can_finish_is_passed_on_without_one_and_another_can_be_made(
    url: str, database: Database, forks: Forks, orders: Orders
):
    person, worker = Person(url), Worker(url, database)
    person.asks(*TO_BE_CALLED[:3])
    orders.hold()
    forks.kill_one()
    person.writes(NUMBER)
    person.asks(DIRECT)
    worker.does("take", person.reference)
    orders.release()
    until(lambda: is_ready(url), 60)
    time.sleep(2)
    person.looks()
    assert [kind for _, kind, _ in person.talk[-2:]] == ["handoff", "handoff"]
    worker.does("close", person.reference, outcome="helped")
    person.looks()
    there = len(person.talk)
    person.asks(QUESTION)
    answered = [kind for _, kind, _ in person.talk[there:]]
    assert answered[:2] == ["said", "answer"]
    assert "handoff" not in answered, "The form that was left asks nothing more."
    person.asks("Talk to a person", "Call me", NUMBER, ABOUT, SEND)
    first, second = cases(database, person)
    assert (first["way"], first["log"]) == ("chat", ["opened", "taken", "closed"])
    assert second == {"way": "call", "told": ("07700 900123", "after 4", ABOUT), "log": ["opened"]}


@pytest.fixture
def served(own_program: Program) -> Iterator[Database]:
    """The database of the whole program, which serves."""
    own_program.start()
    own_program.wait_for("/readyz", ANSWER_SECONDS)
    with Database(f"sqlite:///{own_program.data / 'local-offer.db'}") as database:
        yield database


def kill_over(program: Program, person: Person, text: str) -> None:
    """Kill the engine while it has their message."""
    engine = program.engine_id()
    os.kill(engine, signal.SIGSTOP)
    writing = threading.Thread(target=person.writes, args=(text,))
    writing.start()
    time.sleep(0.5)
    os.kill(engine, signal.SIGKILL)
    writing.join(30)


@pytest.mark.skipif(KILLS < ALL_KILLS, reason=f"It takes two minutes: LOCAL_OFFER_TEST_KILLS={ALL_KILLS} runs it.")
def test_the_whole_program_starts_its_engine_again_and_the_request_goes_on(own_program: Program, served: Database):
    url, worker = own_program.url, Worker(own_program.url, served)
    undisturbed, person = Person(url), Person(url)
    undisturbed.asks(*IN_THE_CHAT)
    for text in IN_THE_CHAT[:2]:
        person.asks(text)
    kill_over(own_program, person, QUESTION)
    assert person.shown[-1]["kind"] == "notice"
    assert (own_program.status("/healthz"), own_program.status("/readyz")) == (200, 503)
    until(person.has_answer, ANSWER_SECONDS)
    os.kill(own_program.engine_id(), signal.SIGKILL)
    person.writes(IN_THE_CHAT[3])
    time.sleep(3)
    os.kill(own_program.engine_id(), signal.SIGKILL)
    until(person.has_answer, ANSWER_SECONDS)
    person.asks(ABOUT)
    kill_over(own_program, person, SEND)
    until(person.has_answer, ANSWER_SECONDS)
    worker.does("take", person.reference)
    os.kill(own_program.engine_id(), signal.SIGKILL)
    person.writes("are you there")
    worker.does("reply", person.reference, text="yes", client_message_id="a1")
    worker.does("close", person.reference, outcome="helped")
    person.looks()
    person.asks(MENTOR)
    there = len(undisturbed.talk)
    assert person.talk[:there] == undisturbed.talk
    assert [(author, kind) for author, kind, _ in person.talk[there:]] == [
        ("assistant", "handoff"), ("person", "said"), ("staff", "said"), ("assistant", "handoff"),
        ("person", "said"), ("assistant", "answer"),
    ]  # fmt: skip
    [case] = cases(served, person)
    assert case == {"way": "chat", "told": (None, None, ABOUT), "log": ["opened", "taken", "replied", "closed"]}
