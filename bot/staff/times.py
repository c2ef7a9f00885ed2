"""The time as the staff's modules see it: always with its zone, always UTC."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timezone

Clock = Callable[[], datetime]


def now() -> datetime:
    return datetime.now(timezone.utc)
