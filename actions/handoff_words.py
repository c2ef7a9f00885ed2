"""Words by which the handover form knows what a reply means: stop, skip, a change, a yes; patterns alone."""

from __future__ import annotations

import re

_LED = r"(?:(?:no|nah|nope|oh|ooh|ok|wait|actually|please|pls|just)[\s,]+)*"
_TAIL = (
    r"(?:[\s,.!]+(?:it|this|that|then|now|please|pls|thanks|ta|mate|bro|x+|stop|cancel|leave|forget|nvm|dont worry"
    r"|any\s?more|i dont wanna|i don'?t want to|i'?ll (?:call|ring) them))*[\s.!]*"
)
STOP = re.compile(
    rf"{_LED}(?:stop|cancel|nvm|nm|never\s?mind|leave it|(?:forget|scrap|allow) (?:it|that|about it)|quit|exit"
    r"|(?:do not|don'?t|dnt) (?:send|pass) (?:it|this|that)(?: on)?|i(?:'?ve)? changed my mind)" + _TAIL,
    re.IGNORECASE,
)
SOFT_STOP = re.compile(
    rf"{_LED}(?:cba|jk|bye|(?:actually|wait) no|no (?:wait|dont|don't)|(?:do not|don'?t|dnt) (?:worry|bother)"
    r"|(?:it'?s|that'?s) (?:ok|okay|fine|calm|alright|cool)"
    r"|(?:i )?(?:do not|don'?t|dnt) (?:want|wanna|need)(?: (?:to|it|this|talk|speak|any\s?(?:one|body|more)))*"
    r"|(?:i'?ll|i will|im gonna) (?:just )?(?:call|ring|phone|text) (?:them|her|him|u|you)(?: myself)?)" + _TAIL,
    re.IGNORECASE,
)
"""Calls the request off, but not a change of it."""
SKIP = re.compile(r"(?:skip|no|nah|nope|none|nothing|n/?a)(?:[\s,]+(?:it|this|thanks|ta|mate))*[\s.!]*", re.IGNORECASE)
DECLINES = re.compile(
    r"(?:no|nah)[\s,]+(?:thanks|thank you|ta|thx)[\s.!]*|not now[\s.!]*|(?:maybe )?later[\s.!]*", re.IGNORECASE
)
KEEPS_IT = re.compile(
    r"\b(?:don'?t|dnt|do not|not|rather not|not gonna)\s+(?:want|wanna|like|gonna)\s*(?:to )?(?:give|share|tell|say)\b",
    re.I,
)
"""Who would not give a number has not called the request off."""
WITH_A_SIGN = re.compile(r"[\s\U0001F3FB-\U0001F3FF👍👌✅]*[👍👌✅][\s\U0001F3FB-\U0001F3FF👍👌✅]*")
ASKS_ABOUT = re.compile(r"^\W*(?:wh?at|wot|how|why|who|when)\b", re.IGNORECASE)
INSTEAD = re.compile(r"\b(?:make it|instead|rather|switch|not)\b", re.IGNORECASE)
MY_NAME = re.compile(r"\b(?:my name|my names|names|name's|name is|i'?m called)\b", re.IGNORECASE)
AGAIN = re.compile(r"(?:please |can we |lets )?(?:start (?:again|over)|restart)[\s.!]*", re.IGNORECASE)
ANY = re.compile(
    r"\b(?:dont mind|don't mind|do not mind|any(?:one|body|thing| way)?|whoever|whatever|whichever|either)\b", re.I
)
PA = re.compile(r"\b(?:p\.?a\.?|personal advis[eo]r|advis[eo]r)(?!\w)", re.IGNORECASE)
DUTY_TEAM = re.compile(r"\bduty\b", re.IGNORECASE)
DUTY = re.compile(r"\b(?:duty|team)\b", re.IGNORECASE)
NOT_PA = re.compile(r"\b(?:not|dont|don't|but|except|instead|rather)\b", re.IGNORECASE)
HAS_NONE = re.compile(
    r"\b(?:no|not|don'?t|havent|haven'?t|aint|without)\b.{0,12}\b(?:have|got|phone|number|mobile|email|one|any)\b"
    r"|\b(?:phone|fone|mobile)s?\b.{0,12}\b(?:broken?|broke|smashed|lost|nicked|stolen|dead|cut off)\b"
    r"|\b(?:lost|broke) my (?:phone|fone|mobile)\b",
    re.I,
)
WHY = re.compile(
    r"\b(?:why|what for|what do you need|do i have to (?:say|tell|give|answer)|who (?:will|gets|sees|can see))\b",
    re.IGNORECASE,
)
SEND = re.compile(r"(?:yes|yeah|yh|ok|please|pls|[\s,])*\bsend\b(?:\s+(?:it|this|that|now|off|please|pls))*[\s.!]*", re.I)
CHANGES = re.compile(
    r"\b(?:change|wrong|edit|not right|mistake|typo|remove|delete)\b|\b(?:take|leave)\b.{0,25}\b(?:off|out)\b", re.IGNORECASE
)
ADDS = re.compile(r"\W*(?:(?:oh|yes|yeah|ok)\W+)?(?:also|and|plus|another thing|one more thing)\b", re.IGNORECASE)
"""Begins what is to be said as well."""
HOW_LONG = re.compile(
    r"\b(?:when|how\s+(?:long|soon|quick\w*|fast))\b.*\b(?:they|some(?:one|body)|any(?:one|body)|u|you|he|she|call|ring|reply"
    r"|answer|get\s+back|hear|text|e-?mail)\b",
    re.IGNORECASE,
)
NAME = re.compile(r"[\W\d_]*(?:[A-Za-zÀ-ɏḀ-ỿ'’-]+[\W\d_]*){1,2}")
"""One or two words in Latin letters: too little to say that somebody speaks another language, and often a name."""
