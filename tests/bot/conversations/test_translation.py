"""With a translator a question in another language is answered in it, the English beside; without one nothing is lost."""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.conversations.announcer import Announcer
from bot.conversations.crisis import CrisisHelp
from bot.conversations.engine import Answered
from bot.conversations.handoff import Handoff
from bot.conversations.handoff_store import HandoffStore
from bot.conversations.service import ConversationService
from bot.conversations.store import ConversationStore
from bot.conversations.targets import Targets
from bot.conversations.translation import TranslationAway
from content.database import Database
from content.library import Library
from nlu.crisis.screen import CrisisScreen


class Dictionary:
    """Translates by writing the target language before the text."""

    is_away = False

    async def translate(self, texts, source, target):
        if self.is_away:
            raise TranslationAway("away")
        return [f"{target}:{text}" for text in texts]


class PolishEngine:
    """Has sentences in Polish for a message in Polish, and an English answer to its translation."""

    is_ready = True

    def __init__(self) -> None:
        self.asked: list[tuple[str, str | None]] = []

    async def answer(self, conversation, message, text, *, language=None) -> Answered:
        self.asked.append((text, language))
        if text.startswith("en:"):
            choices = [{"label": "Tell me more", "value": "Tell me more"}]
            return Answered([{"kind": "answer", "text": "Yes.", "entry": "council-tax", "choices": choices}], "pl")
        return Answered([{"kind": "handoff", "text": "Czesc", "language": "pl"}], "pl")


@pytest.fixture
def translator() -> Dictionary:
    return Dictionary()


@pytest.fixture
def engine() -> PolishEngine:
    return PolishEngine()


@pytest.fixture
async def service(tmp_path: Path, loaded_file: Path, engine, translator) -> AsyncIterator[ConversationService]:
    shutil.copy(loaded_file, tmp_path / "test.db")
    with Database(f"sqlite:///{tmp_path / 'test.db'}") as database:
        library = Library(database)
        crisis, handoff = CrisisHelp(CrisisScreen(), library), Handoff(library, Targets(library))
        store = ConversationStore(database)
        made = ConversationService(
            store,
            HandoffStore(database),
            library,
            engine,
            Announcer(),
            crisis,
            handoff,
            most_waiting=3,
            save_seconds=10,
            translator=translator,
        )
        yield made
        made.close()


async def test_the_question_is_translated_answered_and_the_answer_translated_back(service, engine):
    conversation, _, _ = await service.start(channel="test")
    [reply] = await service.receive(conversation, "podatek", "one")
    assert engine.asked == [("podatek", None), ("en:podatek", "pl")]
    assert reply.text.startswith("pl:Yes.")
    assert reply.text.endswith("\n\nYes.")
    assert reply.details["english"] == "Yes."
    assert reply.details["language"] == "pl"
    assert reply.details["choices"] == [{"label": "pl:Tell me more", "value": "Tell me more"}]


async def test_when_the_translator_is_away_our_own_sentences_are_said_and_it_says_so(service, engine, translator):
    translator.is_away = True
    conversation, _, _ = await service.start(channel="test")
    replies = await service.receive(conversation, "podatek", "one")
    assert [reply.text for reply in replies][1:] == ["Czesc"]
    assert replies[0].kind == "notice"
    assert len(engine.asked) == 1


async def test_a_chat_that_starts_in_another_language_is_greeted_in_it(service):
    _, _, [greeting] = await service.start(channel="test", language="ar")
    assert greeting.details["language"] == "ar"
    assert "999" in greeting.text
    _, _, [greeting] = await service.start(channel="test", language="tlh")
    assert "language" not in greeting.details
