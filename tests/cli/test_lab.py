"""The command lab, as a process that is used as a browser uses it: over HTTP, and with a kernel."""

from __future__ import annotations

import contextlib
import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
import uuid
from pathlib import Path

import nbformat
import pytest
import requests
import websocket
from requests.adapters import HTTPAdapter
from urllib3 import Retry

DEADLINE_S = 120
PATIENTLY = Retry(connect=100, backoff_factor=0.1, backoff_max=0.5)  # it tells its address before it listens
COMMAND = (Path(sys.executable).with_name("brightcall"), "lab")


@contextlib.contextmanager
def running(folder, *arguments, **environment):
    """Run the command in a folder; yield what it says first, and the address that it gives to people."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    options = ("--no-browser", "--allow-root", "--ip=127.0.0.1", f"--port={port}")
    with subprocess.Popen(
        [*COMMAND, *arguments, *options],
        cwd=folder,
        env=os.environ | {"JUPYTER_RUNTIME_DIR": str(folder / "runtime")} | environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as process:
        try:
            said = ""
            while not (address := re.search(r"http://127\.0\.0\.1:\d+/lab\S*token=\S+", said)):
                line = process.stdout.readline()
                assert line, said
                said += line
            yield said, address[0]
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(DEADLINE_S)


def printed(address, folder, code):
    """Return what a notebook in a folder below JupyterLab's own prints."""
    root, token = re.fullmatch(r"(http://[^/]+/)lab\S*token=(\S+)", address).groups()
    asked = {"Authorization": f"token {token}"}
    notebook = {"path": f"{folder}/mine.ipynb", "name": "", "type": "notebook", "kernel": {"name": "python3"}}
    with requests.Session() as session:
        session.mount(root, HTTPAdapter(max_retries=PATIENTLY))
        answer = session.post(f"{root}api/sessions", json=notebook, headers=asked, timeout=DEADLINE_S)
    assert answer.status_code == 201, answer.text
    kernel = answer.json()["kernel"]["id"]
    channels = f"{root.replace('http', 'ws', 1)}api/kernels/{kernel}/channels"
    header = {"msg_id": uuid.uuid4().hex, "msg_type": "execute_request", "version": "5.3"}
    header |= {"username": "", "session": uuid.uuid4().hex}
    content = {"code": code, "silent": False}
    message = {"header": header, "parent_header": {}, "metadata": {}, "content": content, "channel": "shell"}
    text = ""
    with contextlib.closing(
        websocket.create_connection(channels, timeout=DEADLINE_S, header=asked)
    ) as channel:
        channel.send(json.dumps(message))
        while True:
            said = json.loads(channel.recv())
            if said["parent_header"].get("msg_id") != header["msg_id"]:
                continue
            if said["msg_type"] == "stream":
                text += said["content"]["text"]
            if said["msg_type"] == "error":
                text += said["content"]["evalue"]
            if said["msg_type"] == "execute_reply":
                return text


@pytest.fixture(scope="module")
def read(tmp_path_factory):
    """The folder in which JupyterLab's kernels keep what Tab has read, once for all of them."""
    return tmp_path_factory.mktemp("read")


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "below").mkdir()
    return tmp_path


class TestLab:
    def test_without_a_key_notebooks_are_on_a_sandbox_which_ends_with_it(self, folder, read):
        """What the first Tab reads is read meanwhile."""
        code = """
            import os
            import brightcall_pandas as bc
            print("&quot;2026-03-02&quot;, &quot;2026-03-31&quot;" in bc.Client()._repr_html_())
            print(len(bc.load_calls("2026-03-02", "2026-03-31", progress=False)))
            print(os.environ["BRIGHTCALL_BASE_URL"])
        """
        with running(folder, XDG_CACHE_HOME=str(read)) as (said, address):
            assert "made-up calls of a sandbox, 2026-03-02 to 2026-03-31" in said
            assert "set BRIGHTCALL_API_KEY" in said
            suggested, calls, url = printed(address, "below", code).split()
            deadline = time.monotonic() + 3 * DEADLINE_S  # it gives way to whatever else runs
            while not any(read.rglob("*.pkl")) and time.monotonic() < deadline:
                time.sleep(0.2)
        assert any(read.rglob("*.pkl"))
        assert suggested == "True"
        assert calls == "20000"
        with pytest.raises(requests.ConnectionError):
            requests.get(url, timeout=DEADLINE_S)
        assert sorted(path.name for path in folder.iterdir()) == ["below", "runtime"]

    def test_with_a_key_they_are_on_its_account_and_opened_as_copies_which_stay(self, folder, read, shared):
        (folder / ".env").write_text(f"BRIGHTCALL_API_KEY={shared.api_key}\n")
        for name in ("02_b", "01_a"):
            (folder / "below" / f"{name}.ipynb").write_text(f'{{"{name}": 1}}')
        mine = folder / "my_notebooks"
        mine.mkdir()
        (mine / "02_b.ipynb").write_text("changed")
        code = f"""
            import brightcall_pandas as bc
            print(bc.count_calls({shared.day_from!r}, {shared.day_to!r}))
        """
        environment = {"BRIGHTCALL_BASE_URL": shared.url, "XDG_CACHE_HOME": str(read)}
        with running(folder, "--copies-of", "below", **environment) as (said, address):
            assert f"the calls of its account, from {shared.url}" in said
            assert "No API key" not in said
            assert shared.api_key not in said
            assert f"copies of the notebooks are in my_notebooks{os.sep}" in said
            assert "/lab/tree/my_account.ipynb?" in address
            assert printed(address, ".", code).split() == ["240"]
        own = nbformat.read(mine / "my_account.ipynb", as_version=4)
        nbformat.validate(own)
        assert "bc.load_calls(" in own.cells[1].source
        assert {each.name: each.read_text() for each in mine.glob("0*.ipynb")} == {
            "01_a.ipynb": '{"01_a": 1}',
            "02_b.ipynb": "changed",
        }

    def test_a_folder_without_notebooks_is_a_usage_error(self, brightcall, folder, monkeypatch):
        monkeypatch.chdir(folder)
        done = brightcall("lab", "--copies-of", "nowhere")
        assert done.returncode == 2
        assert "there are no notebooks" in done.stderr
        assert not (folder / "my_notebooks").exists()

    def test_what_cannot_be_a_key_is_a_usage_error(self, brightcall, folder, monkeypatch):
        monkeypatch.chdir(folder)
        done = brightcall("lab", BRIGHTCALL_API_KEY="a\x07b")
        assert done.returncode == 2
        assert "BRIGHTCALL_API_KEY" in done.stderr
        assert "a\x07b" not in done.stderr
