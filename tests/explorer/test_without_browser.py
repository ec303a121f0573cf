"""On a machine without Chromium the tests of the page are skipped and say how to get it; in CI they fail."""

import os
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).parent
HOW = "no Chromium on this machine; on Debian and Ubuntu: apt-get install chromium"


def run(folder, **environment):
    """Run a test of a page, with the fixtures of this folder, where no program is found."""
    (folder / "conftest.py").write_text((HERE / "conftest.py").read_text())
    (folder / "test_page.py").write_text("def test_page(browser):\n    browser.new_page()\n")
    env = {name: value for name, value in os.environ.items() if name not in ("CI", "PYTEST_ADDOPTS")}
    return subprocess.run(
        [
            sys.executable,
            "-m",
            "pytest",
            "-ra",
            "--color=no",
            "-p",
            "no:cacheprovider",
            "-c",
            os.devnull,
            folder,
        ],
        env=env | {"PATH": str(folder), "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"} | environment,
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )


class TestWithoutChromium:
    def test_is_skipped_and_says_how_to_get_it(self, tmp_path):
        result = run(tmp_path)
        assert result.returncode == 0, result.stdout
        assert "1 skipped" in result.stdout
        assert HOW in result.stdout

    def test_fails_in_ci(self, tmp_path):
        result = run(tmp_path, CI="true")
        assert result.returncode == 1, result.stdout
        assert "1 error in" in result.stdout
        assert HOW in result.stdout
