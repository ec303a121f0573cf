"""The command lab: JupyterLab, on the account whose key is found or else on a sandbox."""

from __future__ import annotations

import contextlib
import os
import shutil
import tempfile
import warnings
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Annotated

import typer

import brightcall_pandas as bc
from brightcall_pandas.api import Hidden
from brightcall_pandas.cli._options import PLAIN, checked_arguments
from brightcall_pandas.errors import missing_extra
from brightcall_pandas.load import ADDRESS_VARIABLE, KEY_VARIABLE, find_key

__all__ = ["PASSED_ON", "lab"]

PASSED_ON = {**PLAIN["context_settings"], "ignore_unknown_options": True}
"""Settings of a command whose options are meant for another program."""

_MINE = Path("my_notebooks")
_COPIES = (
    f"Your own copies of the notebooks are in {_MINE}{os.sep}; to get one anew, delete it and start again."
)

_OWN = (
    "An API key was found: your notebooks load the calls of its account, from {0.base_url}.\n"
    "Those that came with the project start a sandbox of their own. Ctrl-C, twice, ends JupyterLab."
)
_MADE_UP = (
    "No API key was found: notebooks load made-up calls of a sandbox, {0.day_from} to {0.day_to}.\n"
    "Ctrl-C, twice, ends JupyterLab and the sandbox. "
    f"For your own account, set {KEY_VARIABLE} and start again."
)

Arguments = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="argument",
        help="Passed on to `jupyter lab`: a notebook or a folder, and options such as --no-browser.",
    ),
]
CopiesOf = Annotated[
    Path | None,
    typer.Option(
        metavar="FOLDER",
        help=f"Open copies of this folder's notebooks, which are made in {_MINE}{os.sep} unless they are "
        "there already. Your changes never touch the originals.",
    ),
]


def lab(arguments: Arguments = None, copies_of: CopiesOf = None) -> None:
    """Open JupyterLab, on your own account or on a sandbox.

    If an API key is found, notebooks load the calls of its account. If not, they load the made-up calls of a
    sandbox, which runs until JupyterLab ends.
    """
    with checked_arguments():
        own = _take_key()
        opened = [] if copies_of is None else _opening(_copied(copies_of))
    try:
        from jupyterlab.labapp import LabApp  # noqa: PLC0415  (an extra)
    except ImportError as error:
        typer.echo(f"brightcall: {missing_extra('the command lab', 'lab', error)}", err=True)
        raise typer.Exit(1) from None
    with _account() if own else _sandbox() as said, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # JupyterLab's, about itself
        typer.echo(f"{said}\n{_COPIES}" if opened else said)
        LabApp.launch_instance(_quiet([*opened, *(arguments or [])]))


def _copied(folder: Path) -> Path:
    """Copy a folder's notebooks to where they may be changed, and return the first; older copies stay."""
    originals = sorted(folder.glob("*.ipynb"))
    if not originals:
        msg = f"--copies-of {folder}: there are no notebooks"
        raise ValueError(msg)
    _MINE.mkdir(exist_ok=True)
    for each in originals:
        if not (copy := _MINE / each.name).exists():
            shutil.copyfile(each, copy)
    return _MINE / originals[0].name


def _take_key() -> bool:
    """Tell whether notebooks will find a key.

    The key of a file ``.env`` in this folder is put into the environment, because notebooks that lie in
    another folder would not find that file.
    """
    if (key := find_key(Hidden(None), ask_keyring=False)) is not None:
        key.handed_to(partial(os.environ.__setitem__, KEY_VARIABLE))
    return find_key(Hidden(None)) is not None


@contextlib.contextmanager
def _account() -> Iterator[str]:
    """Yield what to say of the account whose key was found."""
    with contextlib.closing(bc.Client()) as client:
        yield _OWN.format(client)


@contextlib.contextmanager
def _sandbox() -> Iterator[str]:
    """Run a sandbox, and point the default client of notebooks to it; yield what to say."""
    with (
        tempfile.TemporaryDirectory(prefix="brightcall-lab-", ignore_cleanup_errors=True) as cache,
        bc.start_sandbox() as sandbox,
    ):
        os.environ[KEY_VARIABLE] = sandbox.api_key
        os.environ[ADDRESS_VARIABLE] = sandbox.url
        os.environ["BRIGHTCALL_CACHE_DIR"] = cache
        yield _MADE_UP.format(sandbox)


def _opening(notebook: Path) -> list[str]:
    """Return the options that open a notebook, also for a browser that is not opened from here."""
    address = f"/lab/tree/{notebook.name}"
    return [f"--ServerApp.root_dir={notebook.parent.resolve()}", f"--LabApp.default_url={address}"]


def _quiet(arguments: list[str]) -> list[str]:
    """Leave out all but warnings of JupyterLab's log, unless the arguments say what to log.

    Its address is shown all the same, and what this command says stays in sight.
    """
    chosen = any(each.startswith(("--log-level", "--debug")) for each in arguments)
    return arguments if chosen else ["--log-level=WARN", *arguments]
