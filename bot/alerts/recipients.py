"""Whom to alert: the people of the staff table, and the channels that councils named."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import sqlalchemy as sa

from bot.alerts.addresses import checked_webhook
from bot.alerts.model import Address, AddressRefused, Medium
from bot.staff.model import Role
from bot.staff.tables import staff
from content.database import Database


class StaffRecipients:
    """Active members of staff, and the webhook of each council, by its id; that of None is for councils without one."""

    def __init__(self, database: Database, webhooks: Mapping[str | None, str]) -> None:
        """Raises AddressRefused."""
        self._database = database
        self._webhooks = {council: _checked(council, url) for council, url in webhooks.items()}

    def team(self, authority: str | None, pa_id: int | None) -> list[Address]:
        """The personal adviser alone, when one is named who is there; else the council's duty team and its channel.

        Where the council is not known, the teams and channels of all councils.
        """
        if pa_id is not None and (adviser := self.member(pa_id)):
            return adviser
        is_of_the_team = sa.true() if authority is None else _is_of(authority)
        return [*self._people(staff.c.role == Role.DUTY.value, is_of_the_team), *self._channels(authority)]

    def member(self, id: int) -> list[Address]:
        """One member of staff, by e-mail; nobody, when they are away or gone."""
        return self._people(staff.c.id == id, staff.c.is_away.is_(False))

    def managers(self, authority: str | None) -> list[Address]:
        """The council's administrators, else those of no council; where the council is not known, those and else all."""
        of_none = staff.c.authority.is_(None)
        for which in (of_none, sa.true()) if authority is None else (_is_of(authority), of_none):
            found = self._people(staff.c.role == Role.ADMIN.value, which)
            if found:
                return found
        return []

    def _people(self, *which: Any) -> list[Address]:
        with self._database.read() as connection:
            rows = connection.execute(
                sa.select(staff.c.email).where(staff.c.is_active.is_(True), *which).order_by(staff.c.id)
            ).scalars()
            return [(Medium.EMAIL, email) for email in rows]

    def _channels(self, authority: str | None) -> list[Address]:
        if authority is None:
            return _each_once(self._webhooks.values())
        own = self._webhooks.get(authority) or self._webhooks.get(None)
        return _each_once([own] if own else [])


def _is_of(authority: str) -> Any:
    return staff.c.authority == authority


def _each_once(urls: Iterable[str]) -> list[Address]:
    return [(Medium.WEBHOOK, url) for url in dict.fromkeys(urls)]


def _checked(council: str | None, url: str) -> str:
    try:
        return checked_webhook(url)
    except AddressRefused as refused:
        raise AddressRefused(f"The webhook of {council or 'all councils'}: {refused}") from refused
