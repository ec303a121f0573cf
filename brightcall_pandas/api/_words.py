"""What a refusal is about, as its words tell."""

from __future__ import annotations

import re
from enum import Enum

__all__ = ["Topic", "topic_of"]


class Topic(Enum):
    """What a refusal is about."""

    RATE = re.compile(
        r"too many requests|rate.?limit|throttl|requests per (second|minute|hour)", re.IGNORECASE
    )
    ADDRESS = re.compile(
        r"\bIPs?\b|ip.address|white.?list|allow.?list|firewall|cloudflare|captcha|incapsula|zscaler"
        r"|you have been blocked|request blocked|web filter",
        re.IGNORECASE,
    )
    PLAN = re.compile(
        r"\b(your|current|this) plan\b|\bplan (does|do) not|upgrade|payment|billing|licen[cs]e|quota"
        r"|\btrial\b|subscribe"
        r"|subscription (plan|has|is|does|expired|ended|required)|no (active )?subscription"
        r"|not (enabled|activated|included|available) (for|in) (your|this) (account|plan|company)",
        re.IGNORECASE,
    )
    KEY = re.compile(
        r"unauthori[sz]ed|unauthenticated|forbidden|authenticat"
        r"|(invalid|unknown|wrong|missing|expired|revoked|bad|no) (api.?)?(key|token)"
        r"|(api.?)?(key|token)\b.{0,20}\b(invalid|unknown|wrong|missing|expired|revoked|required|not)",
        re.IGNORECASE,
    )
    DAYS = re.compile(
        r"(date|day|time)s?.?(range|period|interval|window)|(range|period|interval|window) of (days|dates)"
        r"|\b\d+ ?(days|months|weeks|years)\b|older than|too old|retention"
        r"|too (many|long).{0,20}\b(days|period)\b"
        r"|\bdayFrom\b|\bdayTo\b|in the future",
        re.IGNORECASE,
    )


def topic_of(said: str) -> Topic | None:
    """Return what words are about; None where they do not tell."""
    return next((each for each in Topic if each.value.search(said)), None)
