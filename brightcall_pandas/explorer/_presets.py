"""Selections saved by name in a JSON file that only its owner can read: they may hold numbers of clients."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import msgspec
from platformdirs import user_config_path

from brightcall_pandas.cache import private_folder, write_private
from brightcall_pandas.explorer._selection import Selection
from brightcall_pandas.filters import nearest

__all__ = ["Presets"]


class Presets:
    """Saved selections.

    Parameters
    ----------
    path
        The JSON file; None takes ``presets.json`` in the user's configuration folder.
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
            There is none of that name.
        ValueError
            The file, or what it says of this name, cannot be read.
        """
        saved = self._read()
        if name not in saved:
            msg = f"there is no preset {name!r}{nearest(name, saved)}"
            raise KeyError(msg)
        try:
            return Selection.from_dict(saved[name])
        except (TypeError, AttributeError) as error:
            msg = f"preset {name!r} of {self.path} cannot be read: {error}"
            raise ValueError(msg) from None

    def save(self, name: str, selection: Selection) -> None:
        """Save a selection; one of the same name is replaced."""
        if not name.strip():
            msg = "a preset needs a name"
            raise ValueError(msg)
        self._write(self._read() | {name.strip(): selection.to_dict()})

    def delete(self, name: str) -> None:
        """Forget a saved selection; one that is not there does no harm."""
        self._write({key: value for key, value in self._read().items() if key != name})

    def _read(self) -> dict[str, Any]:
        try:
            return msgspec.json.decode(self.path.read_bytes(), type=dict[str, Any])
        except FileNotFoundError:
            return {}
        except msgspec.DecodeError as error:
            msg = f"{self.path} is no file of presets ({error}); move it away or mend it"
            raise ValueError(msg) from None

    def _write(self, presets: dict[str, Any]) -> None:
        private_folder(self.path.parent)
        write_private(self.path, msgspec.json.format(msgspec.json.encode(presets), indent=2) + b"\n")
