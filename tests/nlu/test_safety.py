"""In `rasa shell` a cry for help gets its own intent; what the web process has screened is left as it is."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from rasa.shared.nlu.training_data.message import Message

from nlu.crisis.screen import CrisisScreen
from nlu.safety import Safety


@pytest.fixture
def safety(tmp_path: Path, loaded_file: Path, models: Path, monkeypatch: pytest.MonkeyPatch) -> Safety:
    shutil.copy(loaded_file, tmp_path / "local-offer.db")
    (tmp_path / "models").symlink_to(models)
    monkeypatch.setenv("LOCAL_OFFER_DATA", str(tmp_path))
    monkeypatch.delenv("LOCAL_OFFER_DATABASE_URL", raising=False)
    return Safety()


def understood(text: str, **metadata: object) -> Message:
    return Message({"text": text, "metadata": metadata, "intent": {"name": "ask_entry", "confidence": 0.9}})


def test_a_cry_for_help_gets_its_own_intent_and_kind(safety: Safety):
    [message] = safety.process([understood("i want to kill myself")])
    assert message.get("intent") == {"name": "crisis", "confidence": 1.0}
    assert message.get("danger") == "suicide"


def test_who_may_be_in_danger_is_to_be_asked(safety: Safety):
    safety._screen = CrisisScreen()
    [message] = safety.process([understood("im gonna kms lol")])
    assert message.get("intent")["name"] == "maybe_crisis"


def test_an_ordinary_message_stays_what_it_was_understood_to_be(safety: Safety):
    [message] = safety.process([understood("do i pay council tax")])
    assert message.get("intent")["name"] == "ask_entry"


def test_what_was_screened_before_is_left_as_it_is(safety: Safety):
    [message] = safety.process([understood("i want to kill myself", screened=True)])
    assert message.get("intent")["name"] == "ask_entry"
