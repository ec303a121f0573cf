"""The command lab: JupyterLab, on the account whose key is found or else on a sandbox."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
import warnings
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Annotated, Any

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
_OF_ACCOUNT = "my_account.ipynb"
_COPIES = (
    f"Your own copies of the notebooks are in {_MINE}{os.sep}; to get one anew, delete it and start again."
)

_OWN = (
    "An API key was found (not tried yet): your notebooks load the calls of its account, from {0.base_url}.\n"
    "Those that came with the project start a sandbox of their own, until you write OWN_ACCOUNT = True in\n"
    "their first cell. Ctrl-C twice, or once and y, ends JupyterLab."
)
_OPENED = f"{_MINE / _OF_ACCOUNT} is opened first: it loads and draws the last 30 days of your account."
_CELLS = (
    "# Your own calls\n\n"
    "This notebook loads from the account whose API key was set when JupyterLab was started. The numbered "
    "notebooks beside it go on using a sandbox, with made-up calls, until you write `OWN_ACCOUNT = True` in "
    "their first cell.",
    "import brightcall_pandas as bc\n\n"
    'df = bc.load_calls("30d")  # or a first and a last day: "2026-03-02", "2026-03-31"\n'
    "df.calls",
    "ax = df.calls.plot.by_outcome()",
)
"""Of the notebook of one's own account: a text, and code."""
_ONCE = """
import contextlib, os
with contextlib.suppress(AttributeError):
    os.nice(5)
import brightcall_pandas as bc
import jedi
import matplotlib.font_manager
names = {"bc": bc, "df": bc.to_frame([{"id": 1}])}
for code in ("bc.", "df.calls.", "df.calls.plot.", "bc.load_calls("):
    jedi.Interpreter(code, [names]).complete(1, len(code))
"""
"""What the first picture and the first Tab on a machine wait for otherwise: matplotlib looks for fonts, and
jedi, by which IPython completes names, reads sources."""
_MADE_UP = (
    "No API key was found: notebooks load made-up calls of a sandbox, {0.day_from} to {0.day_to}.\n"
    "Ctrl-C twice, or once and y, ends JupyterLab and the sandbox. "
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
        first = None if copies_of is None else _copied(copies_of)
    try:
        from jupyterlab.labapp import LabApp  # noqa: PLC0415  (an extra)
    except ImportError as error:
        typer.echo(f"brightcall: {missing_extra('the command lab', 'lab', error)}", err=True)
        raise typer.Exit(1) from None
    if first is not None and own:
        first = _notebook_of_account()
    opened = [] if first is None else _opening(first)
    with _account() if own else _sandbox() as said, _read_before(), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # JupyterLab's, about itself
        typer.echo("\n".join([said, *([_OPENED] if opened and own else []), *([_COPIES] if opened else [])]))
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


def _notebook_of_account() -> Path:
    """Write the notebook of one's own account, unless it is there already, and return it."""
    path = _MINE / _OF_ACCOUNT
    if not path.exists():
        about, *codes = _CELLS
        cells: list[dict[str, Any]] = [{"cell_type": "markdown", "source": about}]
        cells += [
            {"cell_type": "code", "source": code, "outputs": [], "execution_count": None} for code in codes
        ]
        for number, each in enumerate(cells, 1):
            each |= {"id": f"cell-{number}", "metadata": {}}
        # Without a kernel's name, JupyterLab asks for one before anything else is seen.
        kernel = {"display_name": "Python 3", "language": "python", "name": "python3"}
        about_python = {"kernelspec": kernel, "language_info": {"name": "python"}}
        whole = {"cells": cells, "metadata": about_python, "nbformat": 4, "nbformat_minor": 5}
        path.write_text(json.dumps(whole, indent=1), encoding="utf-8")
    return path


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
        # So that a notebook's client suggests days with calls.
        with contextlib.closing(bc.Client()) as client:
            client.cache.learn(sandbox_days=(sandbox.day_from, sandbox.day_to))
        yield _MADE_UP.format(sandbox)


@contextlib.contextmanager
def _read_before() -> Iterator[None]:
    """Have read in the background what is read once a machine, as long as the block lasts."""
    with subprocess.Popen(  # noqa: S603 - a program of ours
        [sys.executable, "-P", "-c", _ONCE],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    ) as process:
        try:
            yield
        finally:
            process.kill()


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
