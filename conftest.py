"""What every test, doctest and notebook of this repository runs under."""

import atexit
import functools
import gc
import os
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from typing import Any

import matplotlib as mpl
import pytest
from hypothesis import settings
from jupyter_client.provisioning import local_provisioner

# A cache of their own: never the repository's data_cache, never the user's, and nobody's key.
_folder = tempfile.TemporaryDirectory(prefix="brightcall-tests-", ignore_cleanup_errors=True)
os.environ["BRIGHTCALL_CACHE_DIR"] = os.path.join(_folder.name, "cache")
# Kernels of notebooks are killed, and leave their temporary folders behind: here.
os.environ["TMPDIR"] = _folder.name
os.environ.pop("BRIGHTCALL_API_KEY", None)
os.environ.pop("BRIGHTCALL_BASE_URL", None)
os.environ["PYTHON_KEYRING_BACKEND"] = "keyring.backends.null.Keyring"

# Hundreds of processes start here: without it each would compile the package and the tests anew, which takes
# longer than all that it imports besides. (Coverage and mutation testing do as they are told.)
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
sys.dont_write_bytecode = False

# Some tests interrupt themselves; a shell that runs the tests in the background has interrupts ignored.
if threading.current_thread() is threading.main_thread():
    signal.signal(signal.SIGINT, signal.default_int_handler)

# jsonschema, which nbval imports, would make a parser of addresses in all scripts, a second in each process,
# and nothing here checks one. So nbval begins here, and not before, where the addopts of pyproject.toml hold.
sys.modules.setdefault("rfc3987_syntax", None)
pytest_plugins = [] if "nbval.plugin" in sys.modules else ["nbval.plugin"]

mpl.use("Agg")  # no windows; not by the environment, which the notebooks' kernels would inherit

# The same examples on every run; no timed assertions.
settings.register_profile("repeatable", derandomize=True, deadline=None, database=None)
settings.load_profile("repeatable")


LONGEST = (
    "tests/test_installs.py",
    "tests/plots/test_matrix.py",
    "tests/test_benchmarks.py",
    "tests/load/test_personas.py",
    "tests/accessors/test_dask.py",
    "tests/analysis/test_catalog.py",
    "tests/cli/test_cli.py",
    "tests/cli/test_lab.py",
    "tests/explorer/test_elsewhere.py",
    "tests/explorer/test_browser.py",
    "tests/load/test_resilience.py",
    "tests/export/test_stream.py",
    "tests/load/test_loaders.py",
    "tests/load/test_cached.py",
    "tests/load/test_simulation.py",
    "tests/plots/test_views.py",
    "tests/sandbox/test_process.py",
    "tests/load/test_faults.py",
    "tests/plots/test_picture.py",
    "tests/reporting/test_report.py",
    "tests/analysis/test_truth.py",
    "notebooks/07_why_february_changed.ipynb",
    "notebooks/13_a_year_of_calls.ipynb",
)
"""Files that take longest begin first, or one worker would be left with one when all others are done."""


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers() -> int:
    """Return one worker more than there are cores: tests wait for servers, locks, other processes."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return cores + 1


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Put files that take longest first; the order within a file, and of all others, stays."""
    places = {config.rootpath / name: place for place, name in enumerate(LONGEST)}
    items.sort(key=lambda item: places.get(item.path, len(places)))


def pytest_configure() -> None:
    """Start the notebooks' kernels as copies of one process, each of which saves two seconds of importing."""
    if hasattr(os, "pidfd_open"):  # on Linux only
        local_provisioner.launch_kernel = _launch_kernel


def pytest_unconfigure() -> None:
    """End the processes that were copied."""
    if _copied.cache_info().currsize:
        for each in reversed(_copied()):
            each.stop()


def _launch_kernel(command: list[str], **options: Any) -> Any:
    _, kernels = _copied()
    return kernels.launch(command, **options)


@functools.cache
def _copied() -> tuple[Any, Any]:
    from tests.copies import Copies, Kernels  # noqa: PLC0415  (not in the process that hands tests out)

    sandboxes = Copies(os.path.join(_folder.name, "sandboxes"))
    return sandboxes, Kernels(os.path.join(_folder.name, "kernels"), sandboxes)


@pytest.fixture(scope="session", autouse=True)
def copied_sandboxes() -> Iterator[Any]:
    """Start sandboxes as copies of one process, each of which saves a second of importing; on Linux only."""
    if not hasattr(os, "pidfd_open"):
        yield None
        return
    from brightcall_pandas.sandbox import Sandbox  # noqa: PLC0415  (not in the process that hands tests out)

    sandboxes, _ = _copied()
    Sandbox.process_class = sandboxes.begin_and_start
    yield sandboxes
    Sandbox.process_class = subprocess.Popen


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Iterator[None]:
    """Put thousands of collected tests where no collection of garbage visits them: a sixth of all time."""
    gc.disable()  # what is made here stays; looking through it again and again takes a quarter of collecting
    try:
        return (yield)
    finally:
        gc.enable()
        gc.collect()
        gc.freeze()
        atexit.register(gc.unfreeze)  # not sooner: pytest collects garbage ten times at its end
