"""Whatever is killed while two people talk: nothing that was said is lost, nothing is there twice, and both go on."""

from __future__ import annotations

import http.client
import json
import os
import random
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.parse
import urllib.request
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from bot.conversations.escalations import Escalations
from bot.conversations.handoff import Handoff
from bot.conversations.handoff_store import HandoffStore
from bot.conversations.model import ASKED, Request, Urgency
from bot.conversations.store import ConversationStore
from bot.conversations.targets import Targets
from bot.desk.duty import Duty
from bot.staff.audit import Audit
from bot.staff.model import Member, Role
from bot.staff.sessions import Sessions
from bot.staff.tables import staff
from content.database import Database
from content.library import Library
from content.loader import load
from tests.e2e.program import ALL_KILLS, KILLS, _free_port, until

pytestmark = pytest.mark.slow
FEWEST = max(3, KILLS * 10 // ALL_KILLS)
"""Messages that each side must have got through for the test to mean anything."""
AWAY = (urllib.error.URLError, http.client.HTTPException, OSError)


class WebProcess:
    """The web process on its own, to be killed and started again."""

    def __init__(self, data: Path, database_url: str, control: Path | None = None) -> None:
        """With `control` its engines are forked, without it is scripted."""
        self._data, self._arguments = data, [database_url, *([str(control)] if control else [])]
        self.port = _free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self._process: subprocess.Popen | None = None

    def start(self) -> None:
        command = [sys.executable, "-m", "tests.e2e.web_process", str(self.port), str(self._data), *self._arguments]
        with (self._data / "web.log").open("ab") as log:
            self._process = subprocess.Popen(command, stdout=log, stderr=log, env={**os.environ, "PYTHONPATH": "."})
        until(self._is_up, 60)

    def kill(self) -> None:
        assert self._process
        self._process.kill()
        self._process.wait(20)

    def _is_up(self) -> bool:
        try:
            with urllib.request.urlopen(f"{self.url}/healthz", timeout=2) as response:
                return bool(response.status == 200)
        except AWAY:
            return False


@dataclass
class Side:
    """One of the two who talk: sends numbered messages, each until it is taken, and reads what is new as a page would."""

    name: str
    send: Callable[[str, str], None]
    read: Callable[[int], list[dict[str, Any]]]
    sent: list[str] = field(default_factory=list)
    shown: list[dict[str, Any]] = field(default_factory=list)
    is_over: threading.Event = field(default_factory=threading.Event)

    def talk(self) -> None:
        while not self.is_over.is_set():
            text, id = f"{self.name} {len(self.sent)}", uuid.uuid4().hex
            again(lambda text=text, id=id: self.send(text, id))
            self.sent.append(text)
            self.look()
            time.sleep(0.05)

    def look(self) -> None:
        self.shown.extend(again(lambda: self.read(self.shown[-1]["id"] if self.shown else 0)))

    def heard(self, author: str) -> list[str]:
        return [message["text"] for message in self.shown if message["author"] == author]


def again(call: Callable[[], Any]) -> Any:
    """What both pages do: try the same thing again until the server is there."""
    started = time.monotonic()
    while True:
        try:
            return call()
        except AWAY:
            assert time.monotonic() - started < 60
            time.sleep(0.1)


@pytest.fixture
def url(database: Database) -> str:
    return str(database.engine.url.render_as_string(hide_password=False))


@pytest.fixture
def web(database: Database, url: str, tmp_path: Path, models: Path) -> Iterator[WebProcess]:
    load(database)
    (tmp_path / "models").symlink_to(models)
    made = WebProcess(tmp_path, url)
    made.start()
    yield made
    made.kill()


def a_worker(database: Database) -> tuple[Member, str]:
    with database.write() as connection:
        id = connection.execute(
            sa.insert(staff).values(
                email="sam@example.org", name="Sam Lee", role="duty", authority="nottinghamshire", password_hash="",
                totp_secret="", made_at=sa.func.now(),
            )
        ).inserted_primary_key[0]  # fmt: skip
    member = Member(id, "sam@example.org", "Sam Lee", Role.DUTY, "nottinghamshire", True, False)
    return member, Sessions(database).begin(id)


def a_handover(database: Database, member: Member) -> tuple[str, str, str]:
    """A conversation that a worker has taken: its id, its token and the case's reference."""
    library = Library(database)
    targets = Targets(library)
    store, handoff = ConversationStore(database), Handoff(library, targets)
    conversation, token, _ = store.start(channel="api", authority="nottinghamshire", language="en", opening=[])
    message = store.receive(conversation.id, "a person please", "first")
    wanted = Request(reason=ASKED, urgency=Urgency.ROUTINE)
    handoffs = HandoffStore(database, Escalations(targets.due))
    [told] = handoffs.hand_over(message, wanted, handoff.passed_on(wanted))
    reference = told.details["handoff"]["reference"]
    Duty(database, handoff, Audit(database), due=targets.due).take(member, reference)
    return conversation.id, token, reference


def person(web: WebProcess, id: str, token: str) -> Side:
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
    path = f"{web.url}/api/v1/conversations/{id}/messages"

    def send(text: str, client_id: str) -> None:
        body = json.dumps({"text": text, "client_message_id": client_id}).encode()
        with urllib.request.urlopen(urllib.request.Request(path, body, headers), timeout=15) as response:
            assert json.loads(response.read())["messages"] == []

    def read(after: int) -> list[dict[str, Any]]:
        with urllib.request.urlopen(urllib.request.Request(f"{path}?after={after}", None, headers), timeout=15) as response:
            return list(json.loads(response.read())["messages"])

    return Side("person", send, read)


def worker(web: WebProcess, reference: str, session: str, reader: Callable[[int], list[dict[str, Any]]]) -> Side:
    headers = {
        "Cookie": f"staff={session}", "Sec-Fetch-Site": "same-origin", "X-Chat-Piece": "1",
        "Content-Type": "application/x-www-form-urlencoded",
    }  # fmt: skip

    def send(text: str, client_id: str) -> None:
        body = urllib.parse.urlencode({"text": text, "client_message_id": client_id}).encode()
        request = urllib.request.Request(f"{web.url}/desk/cases/{reference}/reply", body, headers)
        with urllib.request.urlopen(request, timeout=15) as response:
            response.read()

    return Side("worker", send, reader)


def kill_the_process(web: WebProcess, database: Database) -> None:
    web.kill()
    web.start()


def cut_the_connections(web: WebProcess, database: Database) -> None:
    """End every connection that the web process has to PostgreSQL, in the middle of whatever they do."""
    with database.engine.connect() as connection:
        connection.execute(
            sa.text(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
        )


BREAKS = {"sqlite": [kill_the_process], "postgresql": [kill_the_process, cut_the_connections, cut_the_connections]}


def test_nothing_is_lost_or_shown_twice_when_anything_is_killed_at_any_moment(web: WebProcess, database: Database):
    member, session = a_worker(database)
    id, token, reference = a_handover(database, member)
    here = person(web, id, token)
    there = worker(web, reference, session, here.read)
    threads = [threading.Thread(target=side.talk) for side in (here, there)]
    for thread in threads:
        thread.start()
    chance = random.Random(5)  # noqa: S311
    for _ in range(KILLS):
        time.sleep(chance.uniform(0.05, 0.6))
        chance.choice(BREAKS[database.engine.dialect.name])(web, database)
    for side in (here, there):
        side.is_over.set()
    for thread in threads:
        thread.join(90)
        assert not thread.is_alive()
    for side in (here, there):
        side.look()
        ids = [message["id"] for message in side.shown]
        assert len(set(ids)) == len(ids)
        assert side.heard("person") == ["a person please", *here.sent]
        assert side.heard("staff") == there.sent
    assert min(len(here.sent), len(there.sent)) >= FEWEST
    assert [text for text in here.heard("assistant") if text.startswith("You said")] == []
