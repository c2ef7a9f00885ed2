"""What an alert says: that a case waits and where it is read. What anybody wrote stays in the desk."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

from bot.alerts.model import Alert, Stage
from content.hours import ENGLISH_TIME

HEADLINES: Mapping[Stage, str] = MappingProxyType(
    {
        Stage.NEW: "A new case waits",
        Stage.URGENT: "A case has become urgent",
        Stage.EMERGENCY: "A case has become an emergency",
        Stage.WAITING: "Nobody has taken a case yet",
        Stage.MANAGER: "For a manager: still nobody has answered a case",
        Stage.HANDED: "A case was handed over to you",
        Stage.BACK: "A case is back with the team",
        Stage.SILENCE: "Nobody has answered in a case that was taken",
    }
)
NOT_KNOWN = "not known"


class Words:
    """Words for alerts: reference, urgency, stage, council, since when, and the link. Nothing else goes in here."""

    def __init__(self, public_url: str, council: Callable[[str], str | None]) -> None:
        """`public_url` is where people reach the desk, `council` gives a council's name for its id."""
        self._public_url, self._council = public_url.rstrip("/"), council

    def subject(self, alert: Alert) -> str:
        return f"{HEADLINES[alert.stage]}: {alert.reference} ({alert.urgency})"

    def text(self, alert: Alert) -> str:
        return (
            f"{HEADLINES[alert.stage]}.\n\n"
            f"Reference: {alert.reference}\n"
            f"Urgency: {alert.urgency}\n"
            f"Council: {self._name(alert)}\n"
            f"Since: {_since(alert)}\n\n"
            f"{self._link(alert)}\n\n"
            "Nobody reads answers to this message.\n"
        )

    def payload(self, alert: Alert) -> dict[str, str]:
        """A webhook's JSON. Slack and Teams show `text`; the other fields are for programs."""
        headline = HEADLINES[alert.stage]
        facts = f"{alert.reference}, {alert.urgency}, council: {self._name(alert)}, since {_since(alert)}"
        return {
            "text": f"{headline}: {facts}. {self._link(alert)}",
            "reference": alert.reference,
            "urgency": alert.urgency,
            "stage": alert.stage.value,
            "council": self._name(alert),
            "since": alert.opened_at.strftime("%Y-%m-%dT%H:%M:%SZ"),
            "link": self._link(alert),
        }

    def _link(self, alert: Alert) -> str:
        return f"{self._public_url}/desk/cases/{alert.reference}"

    def _name(self, alert: Alert) -> str:
        if alert.authority is None:
            return NOT_KNOWN
        return self._council(alert.authority) or alert.authority


def _since(alert: Alert) -> str:
    here = alert.opened_at.astimezone(ENGLISH_TIME)
    return f"{here.day} {here.strftime('%B %Y, %H:%M')}"
