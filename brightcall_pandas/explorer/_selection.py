"""The one state: a filter, and the conditions beside it; and selections saved by name."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec
from platformdirs import user_config_path

from brightcall_pandas.cache import private_folder, write_private
from brightcall_pandas.explorer._controls import CONDITIONS, CONTROLS, Control
from brightcall_pandas.filters import CallFilter
from brightcall_pandas.frame import nearest

__all__ = ["Presets", "Selection", "control_named"]


@dataclass(frozen=True)
class Selection:
    """Which calls are chosen.

    Parameters
    ----------
    filter
        The part that the API has filters for.
    conditions
        The part that works on rows only: ``hours``, ``lines``, ``transferred``, ``ai``.
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
                msg = (
                    f"{name!r} is not a condition{nearest(name, CONDITIONS)} Known: {', '.join(CONDITIONS)}."
                )
                raise ValueError(msg)
            if value is not None:
                parsed[name] = CONDITIONS[name].parse(value)
        object.__setattr__(self, "conditions", {name: parsed[name] for name in CONDITIONS if name in parsed})

    def value(self, name: str) -> Any:
        """Return what a control is set to, or None if it is not set; an open end of a range is None."""
        control = control_named(name)
        if control.condition:
            return self.conditions.get(name)
        values = [getattr(self.filter, argument) for argument in control.arguments]
        if len(values) == 1:
            return values[0]
        return None if values == [None, None] else tuple(values)

    def changed(self, name: str, value: Any) -> Selection:
        """Return the selection with one control changed, after checking the value."""
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
        """Return the selection as JSON takes it."""
        return {"filter": self.filter.to_dict(), "conditions": dict(self.conditions)}

    @classmethod
    def from_dict(cls, saved: Mapping[str, Any]) -> Selection:
        """Return the selection that `to_dict` was called on."""
        return cls(CallFilter(**saved.get("filter", {})), saved.get("conditions", {}))


def control_named(name: str) -> Control:
    """Return a control by its name; raise KeyError with the nearest name if there is none."""
    if name not in CONTROLS:
        msg = f"{name!r} is not a control{nearest(name, CONTROLS)} Known: {', '.join(CONTROLS)}."
        raise KeyError(msg)
    return CONTROLS[name]


def _last(hour: int | None) -> int:
    return 23 if hour is None else hour


def _single(control: Control, value: Any) -> Any:
    """Return None for an empty text or list, and the last of a list for a control of one value."""
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


class Presets:
    """Selections saved by name, in a JSON file for its owner only: they may hold numbers of clients.

    Parameters
    ----------
    path
        The JSON file; None means ``presets.json`` in the user's configuration folder.
    """

    def __init__(self, path: str | os.PathLike[str] | None = None) -> None:
        folder = user_config_path("brightcall-pandas", appauthor=False)
        self.path = folder / "presets.json" if path is None else Path(path)

    def names(self) -> list[str]:
        """Return the names, in alphabetical order."""
        return sorted(self._read(), key=str.casefold)

    def load(self, name: str) -> Selection:
        """Return a saved selection.

        Raises
        ------
        KeyError
            There is no preset of that name.
        ValueError
            The file, or this preset in it, cannot be read.
        """
        saved = self._read()
        if name not in saved:
            msg = f"there is no preset {name!r}{nearest(name, saved)}"
            raise KeyError(msg)
        try:
            return Selection.from_dict(saved[name])
        except (TypeError, AttributeError) as error:
            msg = f"preset {name!r} in {self.path} cannot be read: {error}"
            raise ValueError(msg) from None

    def save(self, name: str, selection: Selection) -> None:
        """Save a selection under a name; a preset of that name is replaced."""
        if not name.strip():
            msg = "a preset needs a name"
            raise ValueError(msg)
        self._write(self._read() | {name.strip(): selection.to_dict()})

    def delete(self, name: str) -> None:
        """Delete a saved selection; do nothing if there is none of that name."""
        self._write({key: value for key, value in self._read().items() if key != name})

    def _read(self) -> dict[str, Any]:
        try:
            return msgspec.json.decode(self.path.read_bytes(), type=dict[str, Any])
        except FileNotFoundError:
            return {}
        except msgspec.DecodeError as error:
            msg = f"{self.path} is not a file of presets ({error}): repair it, or move it away"
            raise ValueError(msg) from None

    def _write(self, presets: dict[str, Any]) -> None:
        private_folder(self.path.parent)
        write_private(self.path, msgspec.json.format(msgspec.json.encode(presets), indent=2) + b"\n")
