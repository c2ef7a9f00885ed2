"""The program starts quickly, survives the death of its parts, loses nothing, and leaves nothing behind."""

from __future__ import annotations

import os
import shutil
import signal
import threading
import time
from pathlib import Path

import pytest

from content.database import Database
from content.library import FRESH_SECONDS
from content.loader import load
from content.seed import SEEDS
from tests.e2e.program import Chat, Program, children, is_alive, memory_mb, until

pytestmark = pytest.mark.slow
PETS = """
title: Help with a pet
label: My pet
about: help with pets
topic: money
next: [emergency-money, budgeting-help]
questions:
  - can the council pay my vet bill
  - my dog is ill and i cant pay the vet
  - who helps with vets bills
  - the vet is too dear for me n my cat needs her jabs
  - my dog needs the vet and ive got no money
  - how much does the council give for the vet
"""
PETS_HERE = """
position: gives
lead: The team can help once with the cost of a vet.
basis: may
how: Ask your PA.
sources:
  - {title: A page of the test, publisher: The test, dated: null}
review_by: "2027-05-22"
"""


def test_it_is_alive_in_five_seconds_and_ready_in_sixty_and_stops_in_five(own_program: Program):
    own_program.start()
    assert own_program.wait_for("/healthz", 30) < 5
    assert own_program.status("/readyz") == 503
    assert own_program.wait_for("/readyz", 90) < 60
    below = children(own_program.process.pid)
    assert below
    assert memory_mb(own_program.process.pid) < 1500
    assert own_program.stop() < 5
    assert own_program.process.returncode == 0
    assert not [pid for pid in below if is_alive(pid)]


def test_the_engine_is_started_again_when_it_dies_and_the_question_is_answered_then(own_program: Program):
    own_program.start()
    own_program.wait_for("/readyz", 90)
    chat = Chat(own_program, "nottinghamshire")
    chat.say("how do i get a mentor")
    os.kill(own_program.engine_id(), signal.SIGKILL)
    [notice] = chat.say("do i have to pay council tax")
    assert notice["kind"] == "notice"
    assert "0115 804 1236" in notice["text"]
    own_program.wait_for("/readyz", 90)
    until(lambda: chat.transcript()[-1]["kind"] in ("answer", "question"), 15)
    answers = [message for message in chat.transcript() if message.get("entry") == "council-tax"]
    assert len(answers) == 1
    # The engine still knows what was talked about.
    assert chat.say("how do i get it")[0]["entry"] == "council-tax"


def test_when_the_engine_is_too_slow_the_person_is_told_and_answered_later_once(own_program: Program):
    own_program.start(LOCAL_OFFER_ENGINE_SECONDS="1")
    own_program.wait_for("/readyz", 90)
    chat = Chat(own_program, "nottinghamshire")
    chat.say("hello")
    engine = own_program.engine_id()
    os.kill(engine, signal.SIGSTOP)
    try:
        started = time.monotonic()
        [notice] = chat.say("how do i get a mentor")
        assert time.monotonic() - started < 6
        assert notice["kind"] == "notice"
    finally:
        os.kill(engine, signal.SIGCONT)
    until(lambda: chat.transcript()[-1].get("entry") == "mentoring", 15)
    time.sleep(2)
    assert [message.get("entry") for message in chat.transcript()].count("mentoring") == 1


def test_when_the_web_process_is_killed_the_engine_goes_too_and_nothing_said_is_lost(own_program: Program):
    own_program.start()
    own_program.wait_for("/readyz", 90)
    chat = Chat(own_program, "nottinghamshire")
    engine = own_program.engine_id()
    asked: list[str] = []

    def ask() -> None:
        for number in range(200):
            try:
                chat.say(f"do i have to pay council tax {number}", id=str(number), timeout=5)
            except OSError:
                return
            asked.append(str(number))

    asking = threading.Thread(target=ask)
    asking.start()
    time.sleep(1.5)
    own_program.kill()
    asking.join()
    until(lambda: not is_alive(engine), 10)
    own_program.start()
    own_program.wait_for("/readyz", 90)
    until(lambda: all_answered(chat), 20)
    transcript = chat.transcript()
    said = [message["text"] for message in transcript if message["author"] == "person"]
    assert len(said) == len(set(said))
    assert len(said) >= len(asked) > 3
    # The same message again, as a phone would send it: the same replies, nothing said twice.
    again = chat.say(f"do i have to pay council tax {asked[-1]}", id=asked[-1])
    assert again
    assert [message["id"] for message in chat.transcript()] == [message["id"] for message in transcript]


def all_answered(chat: Chat) -> bool:
    authors = [message["author"] for message in chat.transcript()]
    return authors[-1] == "assistant"


def test_a_deleted_conversation_stays_deleted(program: Program):
    chat = Chat(program)
    chat.say("how do i get a mentor")
    chat.delete()
    with pytest.raises(OSError, match="404"):
        chat.transcript()


def test_nothing_that_people_write_is_in_the_logs(program: Program):
    chat = Chat(program, "nottinghamshire")
    chat.say("zanzibarquestion do i have to pay council tax")
    chat.say("zanzibarquestion " * 500)
    time.sleep(0.2)
    written = b"".join(file.read_bytes() for file in program.data.rglob("*.log"))
    assert b"zanzibarquestion" not in written
    assert chat.token.encode() not in written


def test_a_new_entry_is_answered_by_the_next_message_after_its_publication(own_program: Program, tmp_path: Path):
    own_program.start()
    own_program.wait_for("/readyz", 90)
    chat = Chat(own_program, "nottinghamshire")
    question = "the vet wants 200 quid for my dog"
    assert "answer" not in [reply["kind"] for reply in chat.say(question)]
    seeds = tmp_path / "seeds"
    shutil.copytree(SEEDS, seeds)
    (seeds / "entries" / "pets.yml").write_text(PETS, encoding="utf-8")
    (seeds / "nottinghamshire" / "pets.yml").write_text(PETS_HERE, encoding="utf-8")
    with Database(f"sqlite:///{own_program.data / 'local-offer.db'}") as database:
        assert load(database, seeds).new == 2
    published = time.monotonic()
    time.sleep(FRESH_SECONDS)
    [answer, *_] = chat.say(question)
    assert time.monotonic() - published < 6  # about one on a quiet machine; tests share theirs
    assert answer["entry"] == "pets"
    assert "vet" in answer["text"]
    # Until then an example of what nothing covers.
    assert "pets" in [reply.get("entry") for reply in chat.say("do care leavers get free vet bills for a dog")]
