"""Which words name a council, and which only a place: patterns for spaCy's EntityRuler."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

from spacy.matcher.levenshtein import levenshtein_compare

from content.model import Authority
from nlu.normal import plain

COUNCIL, PLACE, ELSEWHERE = "COUNCIL", "PLACE", "ELSEWHERE"
MOST_WORDS = 20_000
FUZZY_FROM = 7
"""Letters; a shorter word is too near other words to forgive a slip in."""
NOT_A_COUNCIL_BEFORE = frozenset(
    "centre center hospital ground college homes fc court lines line academy transport bus farm cricket stadium trent "
    "forest university".split()
)
"""After these, "city" or "county" is part of another name."""
_SLIPS = {
    "city": ["city", "cty", "citty", "ctiy", "ciry", "citys"],
    "county": ["county", "couny", "conty", "countey", "counyt", "cuonty", "coutny", "countys"],
    "council": ["council", "counsil", "councill", "concil", "cuncil", "counci", "councl"],
    "notts": ["notts", "nots", "nottz"],
}


def patterns(councils: Iterable[Authority]) -> list[dict[str, Any]]:
    """For each council its names and its places; then the other councils of England. The longest match wins."""
    councils = list(councils)
    own = {plain(alias) for council in councils for alias in (*council.aliases, council.name, council.label)}
    rows = []
    for council in councils:
        for alias in {plain(name) for name in (*council.aliases, council.name, council.label)}:
            rows.append({"label": COUNCIL, "pattern": list(_forgiving(alias)), "id": council.id})
        for place in council.places:
            rows.append({"label": PLACE, "pattern": list(_forgiving(plain(place))), "id": f"{council.id}|{place}"})
    for name in other_councils():
        if plain(name) not in own:
            rows.append({"label": ELSEWHERE, "pattern": list(_forgiving(plain(name))), "id": name})
    return rows


@cache
def other_councils() -> tuple[str, ...]:
    lines = (Path(__file__).parent / "gazetteer" / "english_councils.txt").read_text(encoding="utf-8").splitlines()
    return tuple(line for line in lines if line and not line.startswith("#"))


def _forgiving(name: str) -> Iterator[dict[str, Any]]:
    for word in name.split():
        if word in _SLIPS:
            yield {"LOWER": {"IN": _SLIPS[word]}}
        elif len(word) >= FUZZY_FROM:
            yield {"LOWER": {"FUZZY2" if len(word) > FUZZY_FROM + 2 else "FUZZY1": word}}
        else:
            yield {"LOWER": word}


class FirstWords:
    """Which words a pattern could begin with. Asking it costs a hundredth of trying all patterns on a message."""

    def __init__(self, rows: Iterable[dict[str, Any]]) -> None:
        self._exact: set[str] = set()
        self._near: list[tuple[str, int]] = []
        for row in rows:
            begins = row["pattern"][0]["LOWER"]
            if isinstance(begins, str):
                self._exact.add(begins)
            elif "IN" in begins:
                self._exact.update(begins["IN"])
            else:
                [(kind, word)] = begins.items()
                self._near.append((word, int(kind[-1])))
        self._near = sorted(set(self._near))
        self._known = lru_cache(maxsize=MOST_WORDS)(self._could_begin)

    def __contains__(self, word: str) -> bool:
        return self._known(word)

    def _could_begin(self, word: str) -> bool:
        return word in self._exact or any(levenshtein_compare(word, near, slips) for near, slips in self._near)
