"""What those need who carry the project on: workflows, forms, hooks and the citation agree with the code."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest
import yaml
from packaging.specifiers import SpecifierSet

import brightcall_pandas

ROOT = Path(__file__).parents[1]
MAKEFILE = (ROOT / "Makefile").read_text(encoding="utf-8")
WORKFLOW = yaml.safe_load((ROOT / ".github/workflows/tests.yml").read_text(encoding="utf-8"))
HOOKS = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text(encoding="utf-8"))["repos"]
FORMS = sorted((ROOT / ".github/ISSUE_TEMPLATE").glob("[0-9]*.yml"))
KEPT = (".github/**/*.yml", ".pre-commit-config.yaml", "CITATION.cff", "SECURITY.md", "RELEASING.md")


def recipe(target):
    """Return the commands of a target of the Makefile."""
    return re.search(rf"^{target}:.*\n((?:\t.*\n)+)", MAKEFILE, re.MULTILINE)[1]


class TestHooks:
    def test_are_the_tools_of_make_lint(self):
        linted = set(re.findall(r"\$\(BIN\)/([\w-]+)", recipe("lint")))
        entries = [hook["entry"] for repo in HOOKS for hook in repo["hooks"]]
        assert {re.fullmatch(r"\.venv/bin/([\w-]+)( .*)?", entry)[1] for entry in entries} == linted

    def test_take_their_versions_from_the_environment(self):
        assert [repo["repo"] for repo in HOOKS] == ["local"]


class TestWorkflows:
    def test_every_python_that_the_package_says_it_runs_on(self):
        versions = WORKFLOW["jobs"]["newest"]["strategy"]["matrix"]["python"]
        project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
        assert versions == ["3.11", "3.12", "3.13", "3.14"]
        assert all(version in SpecifierSet(project["requires-python"]) for version in versions)

    def test_every_system(self):
        systems = WORKFLOW["jobs"]["newest"]["strategy"]["matrix"]["os"]
        assert {name.partition("-")[0] for name in systems} == {"ubuntu", "macos", "windows"}

    def test_folders_of_the_lowest_versions_are_there_and_in_the_recipe(self):
        run = WORKFLOW["jobs"]["lowest"]["steps"][-1]["run"]
        folders = re.findall(r"tests/\w+", run)
        assert folders
        assert all((ROOT / folder).is_dir() for folder in folders)
        assert " ".join(folders) in (ROOT / "RELEASING.md").read_text(encoding="utf-8")

    def test_ci_builds_the_site(self):
        assert "docs" in recipe("test").split()
        assert "--fail-on-warning" in recipe("docs")


class TestForms:
    @pytest.mark.parametrize("form", FORMS[:2], ids=lambda form: form.stem)
    def test_a_report_has_the_doctors_output(self, form):
        fields = yaml.safe_load(form.read_text(encoding="utf-8"))["body"]
        (asked,) = [each for each in fields if "brightcall doctor" in each["attributes"].get("label", "")]
        assert asked["validations"]["required"]

    def test_there_are_some(self):
        assert len(FORMS) == 3


class TestCitation:
    def test_is_of_this_version(self):
        citation = yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))
        assert citation["version"] == brightcall_pandas.__version__
        assert citation["title"] == "brightcall_pandas"


@pytest.mark.parametrize("pattern", KEPT)
def test_nobodys_address_is_made_up(pattern):
    files = list(ROOT.glob(pattern))
    assert files
    for file in files:
        assert re.findall(r"https?://\S+|[\w.]+@[a-z]\w*\.\w+", file.read_text(encoding="utf-8")) == []
