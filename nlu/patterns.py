"""The token patterns by which a message tells of its writer's age and situation, for spaCy's Matcher.

They read text made even by `nlu.normal.plain`: lower case, short forms written out, no punctuation.
"""

from __future__ import annotations

from typing import Any

Pattern = list[dict[str, Any]]

NUMBER_WORDS = {
    "fifteen": 15, "sixteen": 16, "seventeen": 17, "eighteen": 18, "nineteen": 19, "twenty": 20, "twentyone": 21,
    "twentytwo": 22, "twentythree": 23, "twentyfour": 24, "twentyfive": 25,
}  # fmt: skip
YOUNGEST, OLDEST = 10, 40
UNITS = frozenset(
    "month months week weeks day days hour hours hrs hr minutes mins quid pound pounds pm percent kids kid children "
    "times miles people units grand k weekly year".split()
)
_AGE: dict[str, Any] = {"TEXT": {"REGEX": rf"^([1-3]\d(yo|yrs|yr)?|{'|'.join(NUMBER_WORDS)})$"}}
_MONTHS = (
    "january february march april may june july august september october november december jan feb mar apr jun jul "
    "aug sept sep oct nov dec"
).split()
_SOON = {"LOWER": {"IN": ["in", "next", "soon", "this", "tomorrow", "on"]}}
_WHEN = {"LOWER": {"IN": [*_MONTHS, "a", "week", "month", "year", "couple", "few", "two", "three", "2", "3", "4", "6"]}}


def _one_of(*words: str, optional: bool = False) -> dict[str, Any]:
    found: dict[str, Any] = {"LOWER": {"IN": list(words)}}
    return {**found, "OP": "?"} if optional else found


_OTHERS = _one_of("he", "she", "they", "mate", "brother", "sister", "friend", "son", "daughter", "boyfriend",
                  "girlfriend", "partner", "lad", "girl", "cousin", "who")  # fmt: skip
_STILL = _one_of("just", "only", "now", "already", "still", "actually", "about", "like", "a", "turned", optional=True)

AGE_PATTERNS: dict[str, list[Pattern]] = {
    # "when i turn 18", "until 25": an age in a rule, not the writer's
    "NOBODYS": [
        [_one_of("when", "until", "till", "til", "before", "after", "once", "since", "from", "by", "over", "under",
                 "past", "between"),
         _one_of("i", "you", "they", "we", "she", "he", optional=True),
         _one_of("am", "are", "is", "was", "turn", "turned", "hit", "reach", "get", "be", "the", optional=True),
         _one_of("to", "age", "of", optional=True), _AGE],
    ],
    "SUPPOSED": [
        [_one_of("if"), _one_of("i", "you", "your", "they", "we", "someone", "he", "she"),
         _one_of("am", "are", "is", "were", "was", "turn", optional=True), _STILL, _AGE],
        [_one_of("what", "how"), _one_of("about", "if", "bout"), _one_of("at", "for", "a", "when", optional=True), _AGE],
        [_one_of("at"), _AGE],
        [_OTHERS, _one_of("is", "are", "just", "turned", "has"), _STILL, _AGE],
    ],
    "SOON": [
        [_one_of("nearly", "almost", "nealry", "coming"), _one_of("up", "to", "on", optional=True), _AGE],
        [_one_of("turn", "turning", "be"), _AGE, _SOON],
        [_one_of("about"), _one_of("to"), _one_of("turn", "be"), _AGE],
        [_AGE, _one_of("in", "next", "this"), _WHEN],
        [_AGE, _one_of("soon", "tomorrow")],
    ],
    "OWN": [
        [_one_of("am", "aged", "age", "was"), _STILL, _AGE],
        [_one_of("just", "i"), _one_of("turned", "hit", "just"), _AGE],
        [_one_of("turned"), _AGE],
        [_one_of("age"), _one_of("is"), _AGE],
        [_AGE, _one_of("years", "year", "yrs", "yr", "y"), _one_of("old", "o", "of")],
        [_AGE, _one_of("yo")],
        [_one_of("a", "as"), _AGE, _one_of("year", "yr")],
        [_AGE, _one_of("here", "btw")],
        [_one_of("mum", "dad", "disabled", "pregnant", "parent"), _one_of("and", optional=True), _AGE],
    ],
}  # fmt: skip

_AT = _one_of("at", "in", "to", "doing", "started", "starting", "start", "studying", "on")
_ANY: dict[str, Any] = {"OP": "?"}
_THE = _one_of("the", "a", "an", "my", "full", "first", optional=True)

SITUATION_PATTERNS: dict[str, list[Pattern]] = {
    "university": [
        [_AT, _THE, _one_of("university", "degree", "undergrad")],
        [_one_of("ntu", "uon", "halls", "degree")], [_one_of("nottingham"), _one_of("trent", "university")],
        [_one_of("university"), _one_of("student")],
    ],
    "college": [
        [_AT, _THE, _one_of("college", "school", "sixth")],
        [_one_of("a"), _one_of("levels", "level")], [_one_of("btec", "tlevel", "alevels")],
        [_one_of("college"), _one_of("student", "course")],
    ],
    "apprentice": [
        [_one_of("an", "my", "the"), _one_of("apprentice", "apprenticeship")],
        [_one_of("apprentice")], [_AT, _one_of("apprenticeship")],
    ],
    "working": [
        [_one_of("i"), _one_of("work")],
        [_one_of("am"), _one_of("working", "employed")],
        [_one_of("have", "got", "get", "started"), _THE, _one_of("part", "full", "new", "time", optional=True),
         _one_of("time", optional=True), _one_of("job")],
        [_one_of("work", "working"), _one_of("part", "full"), _one_of("time")],
    ],
    "looking-for-work": [
        [_one_of("unemployed", "neet", "jobless")],
        [_one_of("looking"), _one_of("for"), _THE, _one_of("work", "job", "jobs")],
        [_one_of("out"), _one_of("of"), _one_of("work")],
        [_one_of("not"), _one_of("doing"), _one_of("anything", "nothing")],
        [_one_of("no"), _one_of("job", "work")],
    ],
    "parent": [
        [_one_of("pregnant", "expecting")],
        [_one_of("have", "got", "having"), _ANY, _ANY, _ANY, _ANY,
         _one_of("baby", "kid", "kids", "child", "son", "daughter", "toddler", "newborn")],
        [_one_of("my"), _one_of("baby", "kid", "kids", "son", "daughter", "toddler")],
        [_one_of("a", "single", "young", "teen"), _one_of("mum", "mom", "dad", "parent", "mother", "father")],
    ],
    "custody": [
        [_one_of("in", "of", "from"), _one_of("prison", "jail", "custody", "yoi", "nick")],
        [_one_of("on"), _one_of("tag", "licence", "license", "probation", "remand")],
    ],
    "asylum": [
        [_one_of("asylum"), _one_of("seeker")], [_one_of("refugee", "uasc")],
        [_one_of("claimed", "claiming", "seeking"), _one_of("asylum")],
        [_one_of("asylum"), _one_of("claim", "case", "interview", "application", "support")],
        [_one_of("came", "come", "arrived"), _one_of("here", "to", "in", optional=True), _one_of("the", optional=True),
         _one_of("uk", "england", optional=True), _one_of("alone")],
        [_one_of("came", "come", "arrived"), _one_of("alone"), _one_of("to", "in"), _one_of("the", optional=True),
         _one_of("uk", "england")],
        [_one_of("came", "come", "arrived"), _one_of("to", "in"), _one_of("the", optional=True), _one_of("uk", "england"),
         _one_of("on"), _one_of("my"), _one_of("own")],
    ],
    "disabled": [
        [_one_of("disabled", "autistic", "wheelchair", "ehcp", "autism", "disability", "deaf", "blind")],
        [_one_of("ehc"), _one_of("plan")],
    ],
    "in-care": [
        [_one_of("still"), _one_of("in"), _one_of("care")], [_one_of("am"), _one_of("in"), _one_of("care")],
    ],
    "foster-home": [
        [_one_of("with", "at"), _one_of("my", "foster"), _one_of("foster", optional=True),
         _one_of("carer", "carers", "mum", "family", "parents")],
        [_one_of("am"), _one_of("in"), _one_of("foster"), _one_of("care")],
        [_one_of("my"), _one_of("foster"), _one_of("carer", "carers", "mum", "dad", "family", "parents")],
    ],
    "childrens-home": [
        [_one_of("childrens"), _one_of("home")], [_one_of("children"), _one_of("s"), _one_of("home")],
        [_one_of("in"), _one_of("residential")],
    ],
}  # fmt: skip
"""What each situation sounds like; whether it is the writer's own is weighed apart."""

SELF = frozenset("i am my me have just".split())
"""Words before a situation that make it the writer's own."""
NEGATIONS = frozenset("not never cannot without left quit dropped".split())
SUPPOSING = frozenset("if when would".split())
"""Words before a situation that only suppose it."""
