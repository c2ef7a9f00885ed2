"""A translation service that speaks LibreTranslate's API (https://libretranslate.com/docs)."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence

import aiohttp

from bot.conversations.translation import TranslationAway

logger = logging.getLogger(__name__)
SECONDS = 5.0
"""How long one call may take: a slow translation is worse than the sentences that we have."""


class LibreTranslate:
    """One service at one address. Texts go to it and to nowhere else; they are never logged."""

    def __init__(self, url: str, key: str | None = None, *, seconds: float = SECONDS) -> None:
        self._url, self._key = url.rstrip("/"), key
        self._timeout = aiohttp.ClientTimeout(total=seconds)
        self._session: aiohttp.ClientSession | None = None

    async def translate(self, texts: Sequence[str], source: str, target: str) -> list[str]:
        """Raises TranslationAway."""
        body = {"q": list(texts), "source": source, "target": target, "format": "text"}
        if self._key:
            body["api_key"] = self._key
        session = self._session = self._session or aiohttp.ClientSession()
        try:
            async with session.post(f"{self._url}/translate", json=body, timeout=self._timeout) as response:
                if response.status != 200:
                    raise TranslationAway(f"the translation service answered {response.status}")
                translated = (await response.json())["translatedText"]
        except (aiohttp.ClientError, asyncio.TimeoutError, OSError, ValueError, KeyError, TypeError) as error:
            logger.warning("The translation service is away: %s.", type(error).__name__)
            raise TranslationAway(type(error).__name__) from error
        if not isinstance(translated, list) or len(translated) != len(texts) or not all(map(_is_text, translated)):
            raise TranslationAway("the translation service answered something else")
        return translated

    async def close(self) -> None:
        if self._session:
            await self._session.close()


def _is_text(value: object) -> bool:
    return isinstance(value, str) and bool(value.strip())
