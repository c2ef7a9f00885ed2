"""Nobody in danger gets a shrug, whatever part of the program is broken."""

from __future__ import annotations

import os
import signal
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator
from http.cookiejar import CookieJar
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.program import Chat, Program, until

pytestmark = pytest.mark.slow
CRY = "i want to kill myself"
SECONDS = 5.0


class Browserlike:
    """The web chat's plain forms, as a browser without JavaScript sends them."""

    def __init__(self, program: Program) -> None:
        self._url = program.url
        self._opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(CookieJar()))
        self.post("/chat/start", authority="")

    def post(self, path: str, **fields: str) -> str:
        data = urllib.parse.urlencode(fields).encode()
        try:
            with self._opener.open(self._url + path, data, timeout=30) as response:
                return str(response.read().decode())
        except urllib.error.HTTPError as page:
            # A browser shows it: the chat's page is there to write in also while nothing can be stored.
            return str(page.read().decode())


def helped(chat: Chat, page: Browserlike) -> None:
    """Both ways of writing bring urgent help at once: in less than a second on a quiet machine; tests share theirs."""
    for number in range(2):
        started = time.monotonic()
        [reply] = chat.say(CRY)
        assert time.monotonic() - started < SECONDS, number
        assert reply["kind"] == "crisis"
        assert "999" in reply["text"]
        started = time.monotonic()
        html = page.post("/chat/messages", text=CRY)
        assert time.monotonic() - started < SECONDS, number
        assert 'href="tel:999"' in html


def test_help_comes_before_the_engine_is_there_and_when_it_was_killed(own_program: Program):
    own_program.start()
    own_program.wait_for("/healthz", 30)
    helped(Chat(own_program), Browserlike(own_program))
    own_program.wait_for("/readyz", 90)
    os.kill(own_program.engine_id(), signal.SIGKILL)
    helped(Chat(own_program), Browserlike(own_program))


def test_help_comes_when_the_database_file_is_removed(own_program: Program):
    own_program.start()
    own_program.wait_for("/healthz", 30)
    chat, page = Chat(own_program), Browserlike(own_program)
    for file in own_program.data.glob("*.db*"):
        file.unlink()
    helped(chat, page)
    helped(Chat(own_program), Browserlike(own_program))


def test_help_comes_when_the_sentence_model_is_missing_and_the_start_says_so(own_program: Program, tmp_path: Path):
    hidden = tmp_path / "hidden"
    hidden.mkdir()
    (hidden / "sitecustomize.py").write_text(
        "import importlib.metadata as metadata\n"
        "found = metadata.distribution\n"
        "def distribution(name):\n"
        "    if name.startswith('gt-all'):\n"
        "        raise metadata.PackageNotFoundError(name)\n"
        "    return found(name)\n"
        "metadata.distribution = distribution\n"
    )
    own_program.start(PYTHONPATH=str(hidden))
    own_program.wait_for("/healthz", 30)
    helped(Chat(own_program), Browserlike(own_program))
    until(lambda: "heard by their phrases alone" in own_program.log.read_text(errors="replace"), 20)


def test_a_cry_that_was_stored_when_the_program_was_killed_is_helped_after_the_restart(own_program: Program):
    own_program.start()
    own_program.wait_for("/healthz", 30)
    chat = Chat(own_program)
    for number in range(10):
        chat.say(CRY, id=f"before-{number}")
    own_program.kill()
    own_program.start()
    own_program.wait_for("/healthz", 30)
    said = chat.transcript()
    assert [each["kind"] for each in said[1:]] == ["said", "crisis"] * 10
    assert len({each["handoff"]["reference"] for each in said if each["kind"] == "crisis"}) == 1


def test_a_cry_in_the_middle_of_a_question_is_heard_and_the_question_goes_on(program: Program):
    chat = Chat(program)
    [asked] = chat.say("do i pay council tax")
    assert asked["asks"] == "authority"
    [help] = chat.say(CRY)
    assert help["kind"] == "crisis"
    answer = chat.say("nottinghamshire")[0]
    assert (answer["kind"], answer["entry"]) == ("answer", "council-tax")
    assert answer["feedback"] is False


def test_after_a_cry_it_stays_and_does_not_shrug(program: Program):
    chat = Chat(program, "nottingham-city")
    assert chat.say(CRY)[0]["kind"] == "crisis"
    for words in ("jk im fine", "thanks", "whatever", "hi"):
        [reply] = chat.say(words)
        assert reply["kind"] == "crisis", words
        assert not reply.get("choices")


@pytest.mark.parametrize(
    "text",
    [
        "whats the point anymore, wont be here next week",
        "he wont let me leave the flat",
        "ive got nowhere to sleep tonight",
        "my mate says shes taken loads of tablets",
    ],
)
def test_soft_words_are_heard(program: Program, text: str):
    assert Chat(program).say(text)[0]["kind"] == "crisis"


@pytest.mark.parametrize(
    "text", ["this form is killing me lol how do i apply for the grant", "my phone died, can i get a new one"]
)
def test_figures_of_speech_are_not(program: Program, text: str):
    assert "crisis" not in {reply["kind"] for reply in Chat(program, "nottinghamshire").say(text)}


@pytest.fixture(scope="module")
def limited(trained: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    from tests.e2e.conftest import copy_of

    made = Program(copy_of(trained, tmp_path_factory.mktemp("limited")))
    made.start(LOCAL_OFFER_RATE_LIMITS="on")
    made.wait_for("/healthz", 30)
    yield made
    made.stop()


def test_the_hundredth_message_in_a_minute_is_heard(limited: Program):
    chat, refused = Chat(limited), 0
    for _ in range(100):
        try:
            chat.say("hello", timeout=5)
        except urllib.error.HTTPError as error:
            refused += error.code == 429
    assert refused > 50
    assert chat.say(CRY)[0]["kind"] == "crisis"
