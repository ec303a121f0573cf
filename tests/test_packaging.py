"""What makes a clean clone work: pins, commands, licence, and files that must not be forgotten."""

import os
import re
import tomllib
from importlib.metadata import distribution
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

import brightcall_pandas

ROOT = Path(__file__).parent.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
PINS = {
    canonicalize_name(name): version
    for name, version in (
        line.split("==") for line in (ROOT / "constraints.txt").read_text().splitlines() if line[:1] != "#"
    )
}


def requirements(*extras):
    """Return what the package asks for directly."""
    texts = list(PROJECT["dependencies"])
    for extra in extras:
        texts += PROJECT["optional-dependencies"][extra]
    return [each for each in map(Requirement, texts) if each.name != PROJECT["name"]]


def closure(names):
    """Return everything that these distributions pull in on this machine, themselves included."""
    seen, todo = set(), [(name, frozenset()) for name in names]
    while todo:
        name, extras = todo.pop()
        if (name, extras) in seen:
            continue
        seen.add((name, extras))
        for text in distribution(name).requires or []:
            wanted = Requirement(text)
            if wanted.marker is None or any(
                wanted.marker.evaluate({"extra": extra}) for extra in extras | {""}
            ):
                todo.append((canonicalize_name(wanted.name), frozenset(wanted.extras)))
    return {name for name, _ in seen}


class TestConstraints:
    def test_names_and_versions_only(self):
        lines = (ROOT / "constraints.txt").read_text().splitlines()
        assert all(re.fullmatch(r"# .*|[A-Za-z0-9_.-]+==[0-9][0-9A-Za-z.]*", line) for line in lines)

    @pytest.mark.parametrize("wanted", requirements(*PROJECT["optional-dependencies"]), ids=str)
    def test_every_requirement_is_pinned_to_a_version_that_will_do(self, wanted):
        assert PINS[canonicalize_name(wanted.name)] in wanted.specifier

    def test_so_is_all_that_they_pull_in(self):
        direct = [canonicalize_name(each.name) for each in requirements(*PROJECT["optional-dependencies"])]
        assert len(closure(direct)) > len(direct)
        assert closure(direct) - {"pip", "setuptools"} <= set(PINS)


class TestProject:
    def test_extras(self):
        assert set(PROJECT["optional-dependencies"]) == {
            "sandbox",
            "lab",
            "dask",
            "s3",
            "excel",
            "report",
            "model",
            "graph",
            "keyring",
            "all",
            "docs",
            "dev",
        }

    def test_one_version(self):
        assert "version" in PROJECT["dynamic"]
        assert re.fullmatch(r"\d+\.\d+\.\d+", brightcall_pandas.__version__)

    def test_dependencies_the_user_asked_for(self):
        names = {each.name for each in requirements(*PROJECT["optional-dependencies"])}
        assert {"pandas", "pyarrow", "requests-cache", "matplotlib", "ipywidgets", "nbval", "pytest"} <= names
        (pandas,) = [each for each in requirements() if each.name == "pandas"]
        assert "2.3.3" not in pandas.specifier

    def test_the_docs_say_what_each_is_for(self):
        table = (ROOT / "docs" / "machine.md").read_text().partition("## What the base install is for")[2]
        rows = re.findall(r"^\| (`.*?) \| (.{10,}?) \| \d+ \|$", table, re.MULTILINE)
        said = [name for names, _ in rows for name in re.findall(r"`([\w-]+)`", names)]
        assert sorted(said) == sorted(each.name for each in requirements())

    def test_typed(self):
        assert (Path(brightcall_pandas.__file__).parent / "py.typed").exists()

    def test_licence(self):
        assert PROJECT["license"] == "MIT"
        assert (ROOT / "LICENSE").read_text().startswith("MIT License\n")


class TestCommands:
    MAKEFILE = (ROOT / "Makefile").read_text()
    README = (ROOT / "README.md").read_text()

    @pytest.mark.parametrize("command", ["demo", "lab", "test", "lint", "bench", "clean"])
    def test_make_has_it_and_explains_it(self, command):
        assert re.search(rf"^{command}:", self.MAKEFILE, re.MULTILINE)
        assert f'"make {command} ' in self.MAKEFILE

    def test_the_readme_names_the_commands_and_the_lines_behind_them(self):
        for line in (
            "make demo",
            "make lab",
            "make test",
            "python3 -m venv .venv",
            "pip install --constraint constraints.txt --editable "
            '".[sandbox,lab,excel,report,graph,model,dask]"',
            "brightcall demo",
            "brightcall lab --copies-of notebooks",
        ):
            assert line in self.README
        for line in (
            '--editable ".[sandbox,lab,excel,report,graph,model,dask]"',
            "brightcall lab --copies-of notebooks",
        ):
            assert line in self.MAKEFILE

    def test_ci_runs_the_readmes_test_command(self):
        script = ROOT / ".ci" / "run"
        assert os.access(script, os.X_OK)
        assert "make test" in script.read_text()
        assert "set -euo pipefail" in script.read_text()


class TestDataCache:
    def test_its_content_never_reaches_the_repository(self):
        lines = (ROOT / "data_cache" / ".gitignore").read_text().split()
        assert lines == ["*", "!.gitignore"]

    def test_the_tests_do_not_use_it(self):
        assert not Path(os.environ["BRIGHTCALL_CACHE_DIR"]).is_relative_to(ROOT)


class TestArchitecture:
    ROWS = re.findall(r"^\| (\d+|beside) \| `(\w+)` \|", (ROOT / "ARCHITECTURE.md").read_text(), re.MULTILINE)
    LAYERS = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"][0][
        "layers"
    ]

    def test_every_module_has_its_row(self):
        package = ROOT / "brightcall_pandas"
        there = {path.stem for path in package.glob("[a-z]*.py")}
        there |= {path.parent.name for path in package.glob("*/__init__.py")}
        optional = set(re.findall(r"\((\w+)\)", " ".join(self.LAYERS)))  # layers that may be missing
        assert {name for _, name in self.ROWS} - optional == there - optional

    def test_layers_are_those_that_are_checked(self):
        drawn = {}
        for number, name in self.ROWS:
            drawn.setdefault(number, set()).add(name)
        assert drawn.pop("beside") == {"sandbox"}
        checked = [set(re.findall(r"\w+", layer)) for layer in self.LAYERS]
        assert [drawn[number] for number in sorted(drawn, key=int, reverse=True)] == checked
