"""What the checks found, and the report of it."""

from __future__ import annotations

import json
import textwrap
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from brightcall_pandas.doctor._evidence import Evidence

__all__ = ["Check", "FieldSeen", "Finding", "Judgement", "Observed", "Report"]

_WIDTH = 100
_MARGIN = " " * 12


class Judgement(StrEnum):
    """Whether an assumption holds."""

    DIFFERS = "differs"
    UNKNOWN = "cannot say"
    HOLDS = "as assumed"


@dataclass
class Observed:
    """What one check observed, in sentences that identify no call.

    Parameters
    ----------
    differs
        What differs from the assumption.
    unsure
        What could not be determined, and why.
    holds
        What is as assumed.
    """

    differs: list[str] = field(default_factory=list)
    unsure: list[str] = field(default_factory=list)
    holds: list[str] = field(default_factory=list)

    @property
    def judgement(self) -> Judgement:
        """Judge: any difference decides; what was not observed cannot hold."""
        if self.differs:
            return Judgement.DIFFERS
        return Judgement.HOLDS if self.holds and not self.unsure else Judgement.UNKNOWN


@dataclass(frozen=True)
class Check:
    """One assumption, the function that examines it, and the API versions that it is about."""

    name: str
    assumed: str
    examine: Callable[[Evidence], Observed]
    versions: tuple[str, ...] = ("v1", "v3")

    def finding(self, evidence: Evidence) -> Finding:
        """Examine the evidence."""
        try:
            found = self.examine(evidence)
        except Exception as error:  # an unforeseen answer: a traceback would quote it
            found = Observed(
                unsure=[f"the check itself failed with {type(error).__name__}; please report this"]
            )
        parts = (tuple(found.differs), tuple(found.unsure), tuple(found.holds))
        return Finding(self.name, found.judgement, self.assumed, *parts)


@dataclass(frozen=True)
class Finding:
    """Whether one assumption holds, and what was observed; see `Observed`."""

    check: str
    judgement: Judgement
    assumed: str
    differs: tuple[str, ...]
    unsure: tuple[str, ...]
    holds: tuple[str, ...]


@dataclass(frozen=True)
class FieldSeen:
    """How one field of a call arrived.

    Parameters
    ----------
    name
        API name.
    expected
        What is assumed, in words.
    types
        JSON types that occurred; ``absent`` if a row lacks the field.
    shapes
        Masked shapes of its values; empty for free text.
    """

    name: str
    expected: str
    types: tuple[str, ...]
    shapes: tuple[str, ...]


@dataclass(frozen=True)
class Report:
    """Where a service differs from what this package assumes; it reveals nothing of calls or people.

    Parameters
    ----------
    api_version, package_version, host
        What was examined; `host` is ``"the documented host"`` or ``"another host"``.
    requests
        What each request was for, and its status.
    findings
        One per check, differences first.
    fields
        How each field arrived; empty if no calls were seen.
    known
        What loads have seen of this account's server before, one line a fact with its day; from the cache.
    failure
        Why the service could not be examined; empty if it was.
    """

    api_version: str
    package_version: str
    host: str
    requests: tuple[str, ...] = ()
    findings: tuple[Finding, ...] = ()
    fields: tuple[FieldSeen, ...] = ()
    known: tuple[str, ...] = ()
    failure: str = ""

    @property
    def differences(self) -> tuple[Finding, ...]:
        """List the findings that differ from what is assumed."""
        return tuple(each for each in self.findings if each.judgement is Judgement.DIFFERS)

    @property
    def exit_code(self) -> int:
        """Return 0 if nothing differs, 1 if something does, 2 if it could not be determined."""
        if self.differences:
            return 1
        return 2 if self.failure else 0

    def to_dict(self) -> dict[str, Any]:
        """Return the report as a dictionary for JSON."""
        return asdict(self) | {"exit_code": self.exit_code}

    def to_json(self) -> str:
        """Return the report as JSON text."""
        return json.dumps(self.to_dict(), indent=1, ensure_ascii=False)

    def to_text(self) -> str:
        """Return the report as text for a person to read."""
        lines = [
            f"brightcall doctor: {self._headline()}",
            f"API {self.api_version}, {self.host}, brightcall-pandas {self.package_version}, "
            f"{len(self.requests)} requests",
            "Only shapes of answers are shown (# is a digit, x a letter): this can go into a public issue.",
        ]
        for finding in self.findings:
            lines += ["", *_finding_lines(finding)]
        lines += ["", "Requests", *(f"  {number}. {each}" for number, each in enumerate(self.requests, 1))]
        if self.known:
            lines += ["", "Seen by loads before", *(f"  {each}" for each in self.known)]
        if self.fields:
            lines += ["", "Fields: expected / JSON types seen / shapes"]
            lines += [_field_line(each) for each in self.fields]
        return "\n".join(lines) + "\n"

    def _headline(self) -> str:
        if self.differences:
            names = ", ".join(each.check for each in self.differences)
            return f"differs from what is assumed: {names}" + (f" ({self.failure})" if self.failure else "")
        if self.failure:
            return f"could not be determined: {self.failure}"
        unseen = ", ".join(each.check for each in self.findings if each.judgement is Judgement.UNKNOWN)
        return "nothing differs from what is assumed" + (f"; not observed: {unseen}" if unseen else "")


def _finding_lines(finding: Finding) -> list[str]:
    lines = [f"{_label(finding.judgement)}{finding.check}", *_wrapped("assumed: ", finding.assumed)]
    for head, texts in (
        ("differs: ", finding.differs),
        ("unsure:  ", finding.unsure),
        ("seen:    ", finding.holds),
    ):
        lines += [line for text in texts for line in _wrapped(head, text)]
    return lines


def _label(judgement: Judgement) -> str:
    shown = judgement.upper() if judgement is Judgement.DIFFERS else str(judgement)
    return f"{shown:<{len(_MARGIN)}}"


def _wrapped(head: str, text: str) -> list[str]:
    first = _MARGIN + head
    return textwrap.wrap(
        text, _WIDTH, initial_indent=first, subsequent_indent=" " * len(first), break_on_hyphens=False
    )


def _field_line(each: FieldSeen) -> str:
    shapes = f" / {', '.join(each.shapes)}" if each.shapes else ""
    return f"  {each.name:<26}{each.expected} / {', '.join(each.types)}{shapes}"
