"""The filter of the queue's page: what it offers to a member, what an address chooses of it, and the addresses of links."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import urlencode

from bot.conversations.model import Urgency, Way
from bot.desk.model import NO_COUNCIL, Filter, View

WAYS = {Way.CHAT: "in the chat", Way.CALL: "by call", Way.TEXT: "by text", Way.EMAIL: "by e-mail"}
UNREAD = "unread"


@dataclass(frozen=True)
class Choice:
    """One field of the form: its name in the address, its label, and its values with their words."""

    name: str
    label: str
    values: Mapping[str, str]


def choices(councils: Mapping[str, str], advisers: Sequence[tuple[int, str]]) -> list[Choice]:
    """What can be chosen between; nothing is asked that has one answer alone."""
    offered = [
        Choice("urgency", "Urgency", {each.value: each.value for each in Urgency}),
        Choice("reason", "Reason", {"danger": "a cry for help", "asked": "asked for a person"}),
        Choice("way", "Answer wanted", {way.value: words for way, words in WAYS.items()}),
        Choice("whose", "Young people of", {str(id): name for id, name in advisers}),
        Choice("council", "Council", {**councils, NO_COUNCIL: "not known yet"} if len(councils) > 1 else {}),
    ]
    return [choice for choice in offered if choice.values]


def chosen_of(query: Mapping[str, str], offered: Sequence[Choice]) -> dict[str, str]:
    """The values that an address chooses, as far as they are offered."""
    chosen = {choice.name: query[choice.name] for choice in offered if query.get(choice.name) in choice.values}
    return {**chosen, UNREAD: "yes"} if query.get(UNREAD) == "yes" else chosen


def filter_of(chosen: Mapping[str, str]) -> Filter:
    return Filter(
        council=chosen.get("council"),
        urgency=Urgency(chosen["urgency"]) if "urgency" in chosen else None,
        way=Way(chosen["way"]) if "way" in chosen else None,
        whose=int(chosen["whose"]) if "whose" in chosen else None,
        is_danger=chosen["reason"] == "danger" if "reason" in chosen else None,
        is_unread=UNREAD in chosen,
    )


def address(chosen: Mapping[str, str], *, at: str = "/desk", **more: object) -> str:
    """A page of the desk that keeps these choices; what is empty is left out."""
    given = {name: str(value) for name, value in {**more, **chosen}.items() if value}
    return f"{at}?{urlencode(given)}" if given else at


def kept_of(query: Mapping[str, str], offered: Sequence[Choice]) -> dict[str, str]:
    """What a case's address keeps of the list that it was opened from: the filter, and the view or the search."""
    found, views = query.get("found", ""), [view.value for view in View]
    listed = {"found": found} if found else {"view": query["view"]} if query.get("view") in views else {}
    return {**listed, **chosen_of(query, offered)}
