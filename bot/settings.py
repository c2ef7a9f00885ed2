"""Every setting, from environment variables with the prefix LOCAL_OFFER_; the command line's options come first."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from content.settings import Storage

ROOT = Path(__file__).parent.parent


@dataclass(frozen=True)
class Limits:
    """How much one address and one conversation may ask for in a minute, and how much may wait at once."""

    per_address: int = 120
    per_conversation: int = 30
    conversations_per_address: int = 20
    is_on: bool = True
    waiting_per_conversation: int = 5
    """Messages of one conversation that may wait for their answer."""


@dataclass(frozen=True)
class Settings:
    """What the web process and the command line need to know."""

    storage: Storage
    host: str = "127.0.0.1"
    port: int = 8080
    limits: Limits = field(default_factory=Limits)
    engine_seconds: float = 8.0
    """How long an answer may take before the person is told that it comes later."""
    trust_proxy: bool = False
    """Take the address from X-Forwarded-For: only behind a proxy that sets it."""

    translate_url: str | None = None
    """A service that speaks LibreTranslate's API; without one nothing is translated."""
    translate_key: str | None = field(default=None, repr=False)

    @property
    def engine_socket(self) -> Path:
        return self.storage.data / "engine.sock"

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] | None = None) -> Settings:
        """Raises SettingRefused, with a sentence, for a value that cannot be used."""
        given = os.environ if environment is None else environment
        limits = Limits(
            per_address=_number(given, "RATE_PER_ADDRESS", 120),
            per_conversation=_number(given, "RATE_PER_CONVERSATION", 30),
            conversations_per_address=_number(given, "RATE_CONVERSATIONS", 20),
            is_on=given.get("LOCAL_OFFER_RATE_LIMITS", "on") != "off",
        )
        return cls(
            storage=Storage.at(given.get("LOCAL_OFFER_DATA") or "data", given.get("LOCAL_OFFER_DATABASE_URL")),
            host=given.get("LOCAL_OFFER_HOST", "127.0.0.1"),
            port=_number(given, "PORT", 8080),
            limits=limits,
            engine_seconds=_number(given, "ENGINE_SECONDS", 8),
            translate_url=_address(given, "TRANSLATE_URL"),
            translate_key=given.get("LOCAL_OFFER_TRANSLATE_KEY"),
            trust_proxy=given.get("LOCAL_OFFER_TRUST_PROXY", "off") == "on",
        )


class SettingRefused(Exception):
    """A setting that cannot be used; the message says which and what it should be."""


def _address(given: Mapping[str, str], name: str) -> str | None:
    text = given.get(f"LOCAL_OFFER_{name}")
    if text and not text.startswith(("http://", "https://")):
        raise SettingRefused(f"LOCAL_OFFER_{name} should be an address such as https://translate.example.org.")
    return text or None


def _number(given: Mapping[str, str], name: str, default: int) -> int:
    text = given.get(f"LOCAL_OFFER_{name}")
    if text is None:
        return default
    if not text.isdigit() or int(text) == 0:
        raise SettingRefused(f"LOCAL_OFFER_{name} should be a whole number above zero, such as {default}.")
    return int(text)
