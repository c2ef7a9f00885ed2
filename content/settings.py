"""Where everything is kept, from the environment: LOCAL_OFFER_DATA and LOCAL_OFFER_DATABASE_URL."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Storage:
    """The folder that the program writes to, and the database in it or elsewhere."""

    data: Path
    database_url: str

    @classmethod
    def at(cls, data: Path | str, database_url: str | None = None) -> Storage:
        data = Path(data).absolute()
        return cls(data, database_url or f"sqlite:///{data / 'local-offer.db'}")

    @classmethod
    def from_environment(cls) -> Storage:
        return cls.at(os.environ.get("LOCAL_OFFER_DATA") or "data", os.environ.get("LOCAL_OFFER_DATABASE_URL"))

    @property
    def models(self) -> Path:
        return self.data / "models"
