"""A real JupyterLab in a real browser, for the tests that look at the page."""

import ast
import json
import os
import shutil
import socket
import subprocess
import sys
import time
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

NOTEBOOK = Path(__file__).parents[2] / "notebooks" / "06_explorer.ipynb"
BROWSERS = ("chromium", "chromium-browser", "google-chrome")
TOKEN = "explorer"
POLLING = 50
"""Milliseconds between two looks at what is waited for; by default it is looked at with each frame drawn."""


@pytest.fixture(scope="session")
def chromium():
    """Return the browser; without one, tests are skipped here and fail in CI."""
    found = next(filter(None, map(shutil.which, BROWSERS)), None)
    if found is None:
        how = "no Chromium on this machine; on Debian and Ubuntu: apt-get install chromium"
        if os.environ.get("CI"):
            pytest.fail(how)
        pytest.skip(how)
    return found


@pytest.fixture(scope="module")
def start(chromium, tmp_path_factory):
    """Return what starts a program in a folder, with settings of its own, and gives its address."""
    with ExitStack() as running:
        yield lambda work, *command, **options: running.enter_context(
            started(tmp_path_factory.mktemp("jupyter"), work, *command, **options)
        )


@contextmanager
def started(root, work, *command, quiet="--no-browser"):
    settings = root / "settings" / "@jupyterlab" / "apputils-extension"
    settings.mkdir(parents=True)
    silent = {"fetchNews": "false", "checkForUpdates": False}
    (settings / "notification.jupyterlab-settings").write_text(json.dumps(silent))
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    homes = {"CONFIG": "config", "RUNTIME": "runtime", "DATA": "data"}
    env = os.environ | {f"JUPYTER_{name}_DIR": str(root / folder) for name, folder in homes.items()}
    env |= {"IPYTHONDIR": str(root / "ipython"), "JUPYTERLAB_SETTINGS_DIR": str(root / "settings")}
    env |= {"JUPYTERLAB_WORKSPACES_DIR": str(root / "workspaces")}
    with (root / "log").open("wb") as log:
        server = subprocess.Popen(
            [sys.executable, "-m", *command, quiet, f"--port={port}"],
            env=env,
            cwd=work,
            stdout=log,
            stderr=log,
        )
    try:
        wait_for(port, root / "log")
        yield f"http://127.0.0.1:{port}"
    finally:
        server.terminate()
        try:
            server.wait(30)  # it ends its kernels first
        except subprocess.TimeoutExpired:  # at times for ever, if a kernel had just begun
            server.kill()
            server.wait()


def wait_for(port, log):
    for _ in range(300):
        try:
            socket.create_connection(("127.0.0.1", port), timeout=5).close()
        except OSError:
            time.sleep(0.2)
        else:
            return
    pytest.fail(f"nothing listens:\n{log.read_text()[-2000:]}")


@pytest.fixture(scope="module")
def lab(start, tmp_path_factory):
    """Start JupyterLab on a copy of the notebook."""
    work = tmp_path_factory.mktemp("work")
    shutil.copy(NOTEBOOK, work / "explorer.ipynb")
    options = ["--ip=127.0.0.1", "--allow-root", f"--IdentityProvider.token={TOKEN}"]
    return start(work, "jupyter", "lab", *options, "--LabApp.expose_app_in_browser=True"), work


@pytest.fixture(scope="module")  # while it runs, so does its event loop: not into the next module
def browser(chromium):
    from playwright.sync_api import sync_playwright

    options = (
        "--headless=new --no-sandbox --disable-background-networking --disable-component-update "
        "--disable-sync --no-first-run --disable-gpu --disable-dev-shm-usage"
    )
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=chromium, args=options.split())
        yield started
        started.close()


class Notebook:
    """The page in which the notebook has been run."""

    def __init__(self, page, folder):
        self.page, self.folder = page, folder
        self.addresses, self.errors = [], []
        page.on("request", lambda request: self.addresses.append(request.url))
        page.on("pageerror", lambda error: self.errors.append(str(error)))

    def open(self, address):
        self.page.goto(f"{address}/lab/tree/explorer.ipynb?token={TOKEN}")
        self.page.wait_for_selector(".jp-NotebookPanel .jp-CodeCell", timeout=90_000)
        self.page.wait_for_function(
            "window.jupyterapp?.shell.currentWidget?.sessionContext?.session?.kernel?.status === 'idle'",
            timeout=90_000,
            polling=POLLING,
        )
        self.command("notebook:run-all-cells")
        self.page.wait_for_selector(".bc-sentence", timeout=120_000)
        # Once the last cell has run, all have.
        self.page.wait_for_function(
            "window.jupyterapp.shell.currentWidget.content.widgets"
            ".filter((cell) => cell.model.type === 'code').at(-1).model.executionCount !== null",
            timeout=120_000,
            polling=POLLING,
        )
        self.command("application:toggle-left-area")

    def command(self, name):
        self.page.evaluate("(name) => window.jupyterapp.commands.execute(name)", name)

    def python(self, code):
        """Run a line in the notebook's kernel."""
        self.page.evaluate(
            "(code) => window.jupyterapp.shell.currentWidget.sessionContext.session.kernel"
            ".requestExecute({ code }).done.then(() => null)",
            code,
        )

    def value(self, expression):
        """Return what an expression is in the notebook's kernel."""
        shown = self.page.evaluate(
            "(value) => window.jupyterapp.shell.currentWidget.sessionContext.session.kernel"
            ".requestExecute({ code: '', user_expressions: { value } }).done"
            ".then((reply) => reply.content.user_expressions.value.data['text/plain'])",
            expression,
        )
        return ast.literal_eval(shown)

    @property
    def explorer(self):
        return self.page.locator(".bc-explorer").first

    def answered(self):
        """Wait until the page (the first of the notebook's two) has no question open."""
        self.page.wait_for_function(
            "document.querySelector('.bc-explorer').getAttribute('aria-busy') === 'false'",
            timeout=20_000,
            polling=POLLING,
        )

    def shows(self, calls):
        """Wait until the page shows so many calls."""
        self.page.wait_for_function(
            "(calls) => document.querySelector('.bc-explorer').dataset.n === String(calls)",
            arg=int(calls),
            timeout=20_000,
            polling=POLLING,
        )


@pytest.fixture(scope="module")
def opened(lab, browser):
    address, folder = lab
    context = browser.new_context(viewport={"width": 1600, "height": 1200})
    context.grant_permissions(["clipboard-read", "clipboard-write"], origin=address)
    notebook = Notebook(context.new_page(), folder)
    notebook.open(address)
    yield notebook
    context.close()


@pytest.fixture
def notebook(opened):
    """The opened notebook, with nothing chosen."""
    opened.page.set_viewport_size({"width": 1600, "height": 1200})
    opened.explorer.scroll_into_view_if_needed()
    opened.explorer.locator("[data-do=reset]").click()
    opened.shows(20_000)
    return opened
