"""Following up on the last answer: more of it, how, how much, when, for whom, says who, and what if they refuse."""

from __future__ import annotations

import re

from actions.answer import ActionAnswer, ask_to_settle
from actions.library_action import LibraryAction
from actions.person import say_person
from actions.turn import MOST_CHOICES, PERSON, Turn
from content.answer import Answer, sentences
from content.model import Amount, Entry

PAYING_BACK = re.compile(r"\b(pa(?:y|id|ying) (?:it |any of it |them |this )?back|repa(?:y|id))", re.IGNORECASE)
TAKING_AWAY = re.compile(r"\bt(?:ak(?:e|en|ing)|ook)\b.*\b(?:off|away|from)\b", re.IGNORECASE)
MONEY = "money"
"""The topic whose entries are paid, also where no amount is known."""
PERIODS = {
    "once": "paid once",
    "week": "a week",
    "month": "a month",
    "year": "a year",
    "course": "for the whole course",
    "unknown": "(I could not find how often)",
}
LIMITS = {"exactly": "", "up-to": "up to ", "at-least": "at least "}


class FollowUp(LibraryAction):
    """Something about the entry last answered; with none yet, the question what it is about."""

    def act(self, turn: Turn) -> None:
        if turn.entry is None:
            turn.say("question", turn.phrase("nothing_yet"), asks="topic", choices=turn.topics())
            return
        answers = turn.shelf.answers(turn.entry.id, turn.council, turn.circumstances)
        self.follow(turn, turn.entry, answers[0])

    def follow(self, turn: Turn, entry: Entry, answer: Answer) -> None:
        raise NotImplementedError


class ActionTellMore(FollowUp):
    action_name = "action_tell_more"

    def follow(self, turn: Turn, entry: Entry, answer: Answer) -> None:
        if answer.more:
            turn.tell_of(entry, answer.more)
        else:
            turn.tell_of(entry, turn.phrase("no_more"), choices=[PERSON, *turn.choices(entry.next)][:MOST_CHOICES])


class ActionTellHow(FollowUp):
    action_name = "action_tell_how"

    def follow(self, turn: Turn, entry: Entry, answer: Answer) -> None:
        how = turn.shelf.composer.how(answer.offer)
        turn.tell_of(entry, how or turn.phrase("no_how"))


class ActionTellAmount(FollowUp):
    """Say the declared amounts and nothing else: an amount is never guessed."""

    action_name = "action_tell_amount"

    def follow(self, turn: Turn, entry: Entry, answer: Answer) -> None:
        lines = [_line(amount) for amount in amounts(answer)]
        if answer.offer.confirm and lines:
            lines.append(turn.phrase("confirm"))
        turn.tell_of(entry, "\n".join(lines) or turn.phrase("no_amount"))


class ActionTellWhen(FollowUp):
    action_name = "action_tell_when"

    def follow(self, turn: Turn, entry: Entry, answer: Answer) -> None:
        lead = answer.text.split("\n\n")[0]
        turn.tell_of(entry, f"{lead}\n\n{turn.phrase('when')}")


class ActionTellEligibility(FollowUp):
    """Say for whom it is, and ask what would settle it."""

    action_name = "action_tell_eligibility"

    def follow(self, turn: Turn, entry: Entry, answer: Answer) -> None:
        turn.tell(answer, briefly=turn.has_told(answer))
        ask_to_settle(turn, answer)


class ActionTellSource(FollowUp):
    action_name = "action_tell_source"

    def follow(self, turn: Turn, entry: Entry, answer: Answer) -> None:
        lines = [
            turn.phrase(
                "source",
                title=source.title,
                publisher=source.publisher,
                checked=turn.shelf.composer.checked(source),
            )
            + (f"\n{source.url}" if source.url else "")
            for source in answer.offer.sources
        ]
        turn.tell_of(entry, "\n\n".join(lines) or turn.phrase("no_source"))


class ActionTellRefused(FollowUp):
    action_name = "action_tell_refused"

    def follow(self, turn: Turn, entry: Entry, answer: Answer) -> None:
        turn.tell_of(
            entry,
            turn.shelf.composer.refused(answer.offer),
            choices=[*turn.choices(each for each in ("complaints", "advocacy") if each != entry.id), PERSON],
        )


class ActionTellRepay(FollowUp):
    """What the entry's own texts say of paying back; nothing is concluded from their silence.

    Where it may not be money that is meant ("will they take it off me", after an answer for parents), no entry answers that.
    """

    action_name = "action_tell_repay"

    def follow(self, turn: Turn, entry: Entry, answer: Answer) -> None:
        told = [sentence for sentence in sentences(answer.text, answer.more) if PAYING_BACK.search(sentence)]
        if told:
            turn.tell_of(entry, " ".join(dict.fromkeys(told)))
        elif entry.topic == MONEY or (amounts(answer) and not TAKING_AWAY.search(turn.text)):
            turn.tell_of(entry, turn.phrase("repay"))
        else:
            turn.tell_of(entry, turn.phrase("not_covered"), choices=[PERSON, *turn.choices(entry.next)][:MOST_CHOICES])


class ActionNotHelpful(FollowUp):
    """Offer the next likeliest entries and a person; the second time in a row, a person."""

    action_name = "action_not_helpful"
    phrase_name = "not_helpful"
    understood = False

    def act(self, turn: Turn) -> None:
        misses = int(turn.tracker.get_slot("misses") or 0) + 1
        turn.remember(misses=misses)
        if misses > 1:
            say_person(turn, turn.phrase("not_helpful_again"))
        elif turn.entry is None:
            turn.say("question", turn.phrase("not_helpful_yet"), asks="topic", choices=[*turn.topics(), PERSON])
        else:
            super().act(turn)

    def follow(self, turn: Turn, entry: Entry, answer: Answer) -> None:
        near = [id for id in turn.tracker.get_slot("near") or () if id != entry.id] or list(entry.next)
        turn.say(
            "question",
            turn.phrase(self.phrase_name),
            asks="topic",
            choices=[*turn.choices(near)[:2], PERSON],
            handoff={"status": "offered", "reference": None, "to": "duty"},
        )


class ActionWrongTopic(ActionNotHelpful):
    """Offer what else it may have been; a message that names another subject is answered at once."""

    action_name = "action_wrong_topic"
    phrase_name = "wrong_topic"

    def act(self, turn: Turn) -> None:
        if turn.entries:
            turn.remember(misses=0)
            ActionAnswer(self.library).act(turn)
        elif turn.entry is None:
            turn.say("question", turn.phrase("ask_other"), asks="topic", choices=[*turn.topics(), PERSON])
        else:
            super().act(turn)


class ActionGoBack(LibraryAction):
    """Answer the entry before the last one again; with none before, the last."""

    action_name = "action_go_back"

    def act(self, turn: Turn) -> None:
        earlier = [id for id in turn.tracker.get_slot("earlier") or () if id in turn.shelf.entries]
        entry = earlier[-1] if earlier else turn.entry.id if turn.entry else None
        if entry is None:
            turn.say("question", turn.phrase("nothing_earlier"), asks="topic", choices=turn.topics())
            return
        turn.remember(entry=entry, earlier=earlier[:-1])
        for answer in turn.shelf.answers(entry, turn.council, turn.circumstances):
            turn.tell(answer)


def amounts(answer: Answer) -> list[Amount]:
    """The declared amounts: the council's own where it has some, else all that are known."""
    own, base = answer.offer.own, answer.offer.base
    if own and own.known and own.amounts:
        return list(own.amounts)
    return [amount for each in (own, base) if each for amount in each.amounts]


def _line(amount: Amount) -> str:
    pounds = f"£{amount.pounds:,.2f}".removesuffix(".00")
    return f"{amount.what[:1].upper()}{amount.what[1:]}: {LIMITS[amount.limit]}{pounds} {PERIODS[amount.per]}."
