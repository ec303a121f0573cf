"""The wheel and the source distribution in empty environments: with nothing else, and with each extra alone.

uv installs them, from its own cache after the first time. They need a package index, so they are skipped
unless ``CI`` is set, as by ``.ci/run``.
"""

from __future__ import annotations

import base64
import contextlib
import itertools
import json
import os
import re
import shlex
import subprocess
import sys
import tomllib
import zipfile
from email import message_from_bytes
from pathlib import Path

import pytest
from markdown_it import MarkdownIt

import brightcall_pandas

ROOT = Path(__file__).parent.parent
EXTRAS = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["optional-dependencies"]
NAME = "brightcall-pandas"
UV = (sys.executable, "-m", "uv", "--quiet")
CONSTRAINED = ("--constraint", str(ROOT / "constraints.txt"))
DEADLINE_S = 300

pytestmark = pytest.mark.skipif("CI" not in os.environ, reason="needs a package index: set CI")

# What each extra is for.
NEEDS = {
    "sandbox": ["bc.start_sandbox(calls=10, days=1).stop()", "command('demo', '--calls=20', '--days=1')"],
    "lab": ["df.calls.explore()", "bc.explore(*DAYS, client=client)", "command('lab', '--version')"],
    "dask": ["bc.scan_calls('calls').calls.by_outcome().compute()"],
    "s3": ["bc.read_calls('s3://bucket/calls')"],
    "excel": ["df.calls.to_excel('calls.xlsx')", "df.calls.by_outcome().calls.to_excel('outcomes.xlsx')"],
    "report": ["bc.report(df, path='report.html')"],
    "keyring": ["bc.login(keep=True)"],
    "graph": ["df.calls.to_networkx()"],
    # For a notebook; nothing of the package needs it, and importing what is not compiled takes seconds.
    "model": ["__import__('importlib.util').util.find_spec('sklearn.linear_model')"],
}
WITHOUT_EXTRAS = [
    "df.calls.by_outcome()",
    "df.calls.plot.by_outcome()",
    "df.calls.model_frame('answered')",
    "df.calls.pseudonymize('a key of sixteen')",
    "bc.read_calls('calls')",
    "bc.count_calls(*DAYS, client=client)",
    "command('--version')",
]
NOBODY_TO_ASK = "NoCredentialsError|OfflineError"  # as far as these come here
TRIES = """
import getpass, json, pathlib, subprocess, sys
import brightcall_pandas as bc

def command(*arguments):
    program = pathlib.Path(sys.executable).with_name("brightcall")
    done = subprocess.run([program, *arguments], capture_output=True, text=True, stdin=subprocess.DEVNULL)
    if done.returncode:
        raise RuntimeError(done.stderr)
    return done.stdout

getpass.getpass = lambda _: "a-key"
DAYS = "2026-03-01", "2026-03-02"
client = bc.Client("a-key", base_url="http://127.0.0.1:9", offline=True)
row = {"id": 1, "timestamp": "2026-03-02T10:00:00Z", "type": 1, "state": 1, "numbersInvolvedJSON": '["1"]'}
df = bc.to_frame([row])
df.calls.to_parquet("calls")
said = {}
for each in json.loads(sys.argv[1]):
    try:
        said[each] = [True, str(eval(each))]
    except Exception as error:
        said[each] = [False, f"{type(error).__name__}: {error}"]
print(json.dumps(said))
"""


def run(*command, **options):
    done = subprocess.run(
        [str(each) for each in command],
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
        timeout=DEADLINE_S,
        check=False,
        **options,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    """The folder with the source distribution, and with the wheel that was built from that."""
    folder = tmp_path_factory.mktemp("built")
    run(*UV, "build", "--out-dir", folder, ROOT)
    return folder


@pytest.fixture(scope="module")
def wheel(built):
    (found,) = built.glob("*.whl")
    return found


class Environment:
    """An environment of its own, with what is installed into it and what that depends on."""

    def __init__(self, folder, *packages):
        self.folder = folder
        self.python = folder / "env" / ("Scripts" if os.name == "nt" else "bin") / "python"
        run(*UV, "venv", "--python", sys.executable, folder / "env")
        self.install(*packages)

    def install(self, *packages):
        run(*UV, "pip", "install", "--python", self.python, *CONSTRAINED, *packages)

    def installed(self):
        return set(run(*UV, "pip", "freeze", "--python", self.python).splitlines())

    def requirements(self):
        code = f"from importlib.metadata import requires; print(*requires({NAME!r}), sep='\\n')"
        return run(self.python, "-c", code).splitlines()

    @contextlib.contextmanager
    def besides(self, *packages):
        """Install packages for a while."""
        before = self.installed()
        self.install(*packages)
        added = self.installed() - before
        assert added
        yield
        run(*UV, "pip", "uninstall", "--python", self.python, *(each.partition("==")[0] for each in added))
        assert self.installed() == before

    def tries(self, lines):
        """Return of each line whether it succeeded, and what it said."""
        environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
        environment |= {
            "BRIGHTCALL_API_KEY": "a-key",
            "BRIGHTCALL_CACHE_DIR": str(self.folder / "cache"),
            "AWS_EC2_METADATA_DISABLED": "true",
            "MPLBACKEND": "agg",
        }
        done = run(self.python, "-c", TRIES, json.dumps(lines), cwd=self.folder, env=environment)
        return json.loads(done.splitlines()[-1])


@pytest.fixture(scope="module")
def base(wheel, tmp_path_factory):
    return Environment(tmp_path_factory.mktemp("base"), wheel)


@pytest.fixture(scope="module")
def in_base(base):
    return base.tries([*WITHOUT_EXTRAS, *itertools.chain(*NEEDS.values())])


def line(extra, environment):
    """The line of messages, of an environment that uv has made without pip."""
    return f'uv pip install --python {shlex.quote(str(environment.python))} "{NAME}[{extra}]"'


class TestWithoutExtras:
    @pytest.mark.parametrize("each", WITHOUT_EXTRAS)
    def test_what_needs_none_works(self, each, in_base):
        succeeded, said = in_base[each]
        assert succeeded or re.match(NOBODY_TO_ASK, said), said

    @pytest.mark.parametrize(
        ("extra", "each"), [(extra, each) for extra in NEEDS for each in NEEDS[extra] if extra != "model"]
    )
    def test_what_needs_one_names_the_line_that_installs_it(self, extra, each, in_base, base):
        succeeded, said = in_base[each]
        assert not succeeded
        assert line(extra, base) in said

    def test_the_source_distribution_does_as_well(self, built, base):
        (source,) = built.glob("*.tar.gz")
        of_the_wheel = base.requirements()
        base.install("--no-deps", "--reinstall", source)
        assert base.requirements() == of_the_wheel
        assert f"{NAME} @ {source.as_uri()}" in base.installed()
        version = run(base.python.with_name("brightcall"), "--version")
        assert version == f"{NAME} {brightcall_pandas.__version__}\n"


class TestEachExtraAlone:
    def test_every_extra_is_tried(self):
        assert {*NEEDS, "all", "dev", "docs"} == set(EXTRAS)

    @pytest.mark.parametrize("extra", NEEDS)
    def test_the_line_in_the_message_installs_all_that_was_lacking(self, extra, base):
        with base.besides(shlex.split(line(extra, base))[-1]):
            tried = base.tries(NEEDS[extra])
        assert all(succeeded or re.match(NOBODY_TO_ASK, said) for succeeded, said in tried.values()), tried
        if extra == "sandbox":  # no word of notebooks where nothing opens them
            last = tried["command('demo', '--calls=20', '--days=1')"][1].splitlines()[-1]
            assert last.startswith(f"Next: {line('lab', base)}")


class TestLongDescription:
    """What a package index, or anybody who has the wheel only, shows of README.md."""

    @pytest.fixture
    def description(self, wheel):
        with zipfile.ZipFile(wheel) as archive:
            (name,) = [each for each in archive.namelist() if each.endswith(".dist-info/METADATA")]
            message = message_from_bytes(archive.read(name))
        assert message["Description-Content-Type"] == "text/markdown"
        return message.get_payload(decode=True).decode("utf-8")

    def test_its_picture_is_in_it(self, description):
        html = MarkdownIt().render(description)
        ((data, words),) = re.findall(r'<img src="data:image/png;base64,([^"]+)" alt="([^"]+)"', html)
        assert html.count("<img") == 1
        assert base64.b64decode(data) == (ROOT / "docs/images/gallery/by_outcome.png").read_bytes()
        assert "No Answer 36 %" in words  # for a reader whose index leaves such pictures out
        assert len(description) < 60_000

    def test_no_link_leads_nowhere(self, description):
        text = re.sub(r"\(data:[^)]*\)", "", description)
        assert all(re.match(r"\w+:|#", target) for target in re.findall(r"\]\(([^)]*)\)", text))
        assert "`docs/completeness.md` says how all this is known" in text
