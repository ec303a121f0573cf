import re
import shlex
import subprocess
import venv

import pytest

from brightcall_pandas import errors


class TestTree:
    def test_docstring_draws_exactly_the_tree(self):
        drawn = []
        for line in errors.__doc__.splitlines():
            match = re.match(r"^( *[│ ]*[├└]── )(\w+)  ", line)
            if match:
                drawn.append((len(match[1]) // 4, match[2]))
        assert drawn == [
            (2, "BrightcallError"),
            *((3, name) for name in _CHILDREN),
            (2, "NoMatchWarning"),  # beside it, below UserWarning
        ]

    def test_classes_are_the_tree(self):
        assert errors.BrightcallError.__bases__ == (Exception,)
        for name in _CHILDREN:
            assert getattr(errors, name).__bases__ == (errors.BrightcallError,), name
        assert errors.NoMatchWarning.__bases__ == (UserWarning,)

    def test_all_names_every_class_and_nothing_else(self):
        classes = [each for each in vars(errors).values() if isinstance(each, type)]
        defined = [each.__name__ for each in classes if each.__module__ == errors.__name__]
        assert sorted(defined) == errors.__all__ == sorted(["BrightcallError", "NoMatchWarning", *_CHILDREN])

    @pytest.mark.parametrize("name", errors.__all__)
    def test_each_says_what_it_means(self, name):
        assert getattr(errors, name).__doc__.strip().endswith(".")


_CHILDREN = [
    "AuthenticationError",
    "RequestError",
    "RateLimitError",
    "ServerError",
    "InvalidResponseError",
    "IncompleteDataError",
    "OfflineError",
    "CacheError",
]


class TestInstallLine:
    """What a message says to run runs, in the interpreter that lacks the package."""

    def test_a_terminal(self):
        ran = subprocess.run(
            f"{errors.install_line('pandas')} --quiet --no-index --dry-run", shell=True, check=False
        )
        assert ran.returncode == 0
        assert shlex.split(errors.install_line("a[b]"))[1:] == ["-m", "pip", "install", "a[b]"]

    def test_a_folder_with_a_blank_in_its_name(self, monkeypatch):
        monkeypatch.setattr("sys.executable", "/home/an analyst/.venv/bin/python")
        assert shlex.split(errors.extra_line("excel")) == [
            "/home/an analyst/.venv/bin/python", "-m", "pip", "install", "brightcall-pandas[excel]",
        ]  # fmt: skip

    def test_a_notebook(self):
        interactive = pytest.importorskip("IPython.core.interactiveshell")
        interactive.InteractiveShell.instance()
        try:
            assert errors.extra_line("excel") == '%pip install "brightcall-pandas[excel]"'
        finally:
            interactive.InteractiveShell.clear_instance()

    def test_an_environment_without_pip_is_named_to_uv(self, tmp_path):
        venv.create(tmp_path / "env", with_pip=False)
        (python,) = (tmp_path / "env").glob("*/python")
        code = f"import runpy; print(runpy.run_path({errors.__file__!r})['extra_line']('excel'))"
        said = subprocess.run([python, "-I", "-c", code], capture_output=True, text=True, check=True).stdout
        assert said == f'uv pip install --python {python} "brightcall-pandas[excel]"\n'
