"""What the handover form remembers while it is open, and the words for whom a request is for."""

from actions.person import TO

# The way, a number, an address and a good time; what it is about, what is to be changed, whether it may be sent; the name of
# their adviser; the question that was asked last, how often no reply to it was understood, what is said before the next.
WAY, PHONE, ADDRESS, TIME = "handoff_way", "handoff_phone", "handoff_email", "handoff_time"
ABOUT, CHANGE, CONSENT = "handoff_about", "handoff_change", "handoff_consent"
ADVISER = "handoff_adviser"
ASKED, MISSES, NOTE = "handoff_asked", "handoff_misses", "handoff_note"
SLOTS = (TO, WAY, PHONE, ADDRESS, TIME, ABOUT, CHANGE, CONSENT, ADVISER, ASKED, MISSES, NOTE)
"""All that is forgotten when the form ends."""
DUTY, PA = "duty", "pa"
NOT_ADVISER = "-"
"""Stands for the name of the adviser where somebody says that it is not for theirs."""
ELSEWHERE = "other_council"
"""The note, filled with its name, on a council that is none of ours."""
CHANGE_IT = "Change something"
LONGEST_ABOUT = 1000
"""Letters of what it is about."""


def shortened(about: str) -> str:
    """What it is about, as it is read back and passed on: of more than there is room for the beginning, which shows it."""
    return about if len(about) <= LONGEST_ABOUT else f"{about[: LONGEST_ABOUT - 1].rstrip()}…"
