"""Every setting, from environment variables with the prefix LOCAL_OFFER_; the command line's options come first."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

from bot.alerts.addresses import checked_webhook
from bot.alerts.model import AddressRefused
from bot.conversations.model import TARGETS, Urgency
from bot.retention import Retention
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
    save_seconds: float = 0.6
    """How long saving a cry for help may take before the help for it is given first."""
    trust_proxy: bool = False
    """Take the address from X-Forwarded-For: only behind a proxy that sets it."""

    public_url: str | None = None
    """Where people reach the service, for the links in alerts and invitations; else as each request did."""
    first_reply: Mapping[Urgency, timedelta] = field(default_factory=lambda: dict(TARGETS))
    """Working time until somebody should have answered first."""

    smtp_url: str | None = field(default=None, repr=False)
    """The mail server for alerts, such as smtp+starttls://user:password@mail.example.org."""
    smtp_from: str = "local-offer@localhost"
    webhooks: Mapping[str | None, str] = field(default_factory=dict, repr=False)
    """Where alerts are posted, by the council's id; that of None is for the councils without their own."""
    retention: Retention = field(default_factory=Retention)

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
            public_url=(_address(given, "PUBLIC_URL") or "").rstrip("/") or None,
            first_reply={
                urgency: timedelta(minutes=_number(given, f"FIRST_REPLY_{urgency.name}", target // timedelta(minutes=1)))
                for urgency, target in TARGETS.items()
            },
            smtp_url=_mail_server(given),
            smtp_from=given.get("LOCAL_OFFER_SMTP_FROM", cls.smtp_from),
            webhooks=_webhooks(given),
            retention=Retention(
                timedelta(days=_number(given, "KEEP_CONVERSATIONS_DAYS", 90)),
                timedelta(days=_number(given, "KEEP_CASES_DAYS", 90)),
                timedelta(days=_number(given, "KEEP_SUGGESTIONS_DAYS", 180)),
            ),
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


def _webhooks(given: Mapping[str, str]) -> dict[str | None, str]:
    """LOCAL_OFFER_WEBHOOK for all councils; LOCAL_OFFER_WEBHOOK_NOTTINGHAM_CITY for one."""
    name = "LOCAL_OFFER_WEBHOOK"
    found: dict[str | None, str] = {}
    for key, url in given.items():
        if url and (key == name or key.startswith(f"{name}_")):
            try:
                found[key[len(name) + 1 :].lower().replace("_", "-") or None] = checked_webhook(url)
            except AddressRefused as refused:
                raise SettingRefused(f"{key}: {refused}") from refused
    return found


def _mail_server(given: Mapping[str, str]) -> str | None:
    url = given.get("LOCAL_OFFER_SMTP_URL") or None
    if url and not url.startswith(("smtp://", "smtps://", "smtp+starttls://")):
        raise SettingRefused("LOCAL_OFFER_SMTP_URL should look like smtp+starttls://user:password@mail.example.org:587.")
    return url


def _number(given: Mapping[str, str], name: str, default: int) -> int:
    text = given.get(f"LOCAL_OFFER_{name}")
    if text is None:
        return default
    if not text.isdigit() or int(text) == 0:
        raise SettingRefused(f"LOCAL_OFFER_{name} should be a whole number above zero, such as {default}.")
    return int(text)
