"""The one state: a filter, and the conditions beside it. It cannot be changed, so undo is a list."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from brightcall_pandas.explorer._controls import CONDITIONS, CONTROLS, Control
from brightcall_pandas.filters import CallFilter, nearest

__all__ = ["Selection", "control_named"]


@dataclass(frozen=True)
class Selection:
    """Which calls are chosen.

    Parameters
    ----------
    filter
        What the API can be asked for.
    conditions
        What only rows can be asked for: ``hours``, ``lines``, ``transferred``, ``ai``.
    """

    filter: CallFilter = field(default_factory=CallFilter)
    conditions: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if not isinstance(self.filter, CallFilter):
            msg = f"filter takes a bc.CallFilter, not {type(self.filter).__name__}"
            raise TypeError(msg)
        if any(getattr(self.filter, name) is not None for name in ("page", "items_per_page")):
            msg = "page and items_per_page choose a part of an answer; an explorer shows all rows"
            raise ValueError(msg)
        parsed = {}
        for name, value in self.conditions.items():
            if name not in CONDITIONS:
                msg = f"{name!r} is no condition{nearest(name, CONDITIONS)} Known: {', '.join(CONDITIONS)}."
                raise ValueError(msg)
            if value is not None:
                parsed[name] = CONDITIONS[name].parse(value)
        object.__setattr__(self, "conditions", {name: parsed[name] for name in CONDITIONS if name in parsed})

    def value(self, name: str) -> Any:
        """Return what a control is set to, None when it is not; an open end of a range is None."""
        control = control_named(name)
        if control.condition:
            return self.conditions.get(name)
        values = [getattr(self.filter, argument) for argument in control.arguments]
        if len(values) == 1:
            return values[0]
        return None if values == [None, None] else tuple(values)

    def changed(self, name: str, value: Any) -> Selection:
        """Return the selection with one control set, and checked."""
        control = control_named(name)
        if control.condition:
            others = {key: kept for key, kept in self.conditions.items() if key != name}
            given = _single(control, value)
            if control.kind == "hours" and given is not None:
                low, high = given
                given = None if (low, high) == (None, None) else (0 if low is None else low, _last(high))
            return Selection(self.filter, others | ({} if given is None else {name: given}))
        if len(control.arguments) == 2:
            ends = (None, None) if value is None else value
            return Selection(
                self.filter.replace(**dict(zip(control.arguments, ends, strict=True))), self.conditions
            )
        return Selection(
            self.filter.replace(**{control.arguments[0]: _single(control, value)}), self.conditions
        )

    def active(self) -> list[Control]:
        """Return the controls that are set."""
        return [control for name, control in CONTROLS.items() if self.value(name) is not None]

    def to_dict(self) -> dict[str, Any]:
        """Return it as JSON has it."""
        return {"filter": self.filter.to_dict(), "conditions": dict(self.conditions)}

    @classmethod
    def from_dict(cls, saved: Mapping[str, Any]) -> Selection:
        """Read what `to_dict` returned."""
        return cls(CallFilter(**saved.get("filter", {})), saved.get("conditions", {}))


def control_named(name: str) -> Control:
    """Return a control, or say which one was meant."""
    if name not in CONTROLS:
        msg = f"{name!r} is no control{nearest(name, CONTROLS)} There are {', '.join(CONTROLS)}."
        raise KeyError(msg)
    return CONTROLS[name]


def _last(hour: int | None) -> int:
    return 23 if hour is None else hour


def _single(control: Control, value: Any) -> Any:
    """Read an empty text or list as not given; take a list of one for a control of one value."""
    if isinstance(value, str):
        value = value.strip() or None
        if value is not None and control.kind == "text" and not control.single:
            value = [part.strip() for part in value.split(",") if part.strip()]
    if isinstance(value, list | tuple):
        if not value:
            return None
        if control.single and control.kind == "options":
            return value[-1]
    return value
