"""Secrets that open something, such as a session: long enough that nobody guesses one, kept only as their digest."""

from __future__ import annotations

import hashlib
import secrets


def new_token() -> str:
    """256 random bits that may stand in an address or a cookie."""
    return secrets.token_urlsafe(32)


def digest_of(token: str) -> str:
    """What is kept in place of a token. A quick hash is enough for what cannot be guessed."""
    return hashlib.sha256(token.encode("utf-8", "replace")).hexdigest()
