"""The key is nowhere: it is looked for in everything that a run leaves behind."""

from __future__ import annotations

import json
import logging
import pickle
import socket
import sqlite3
import threading
import traceback
from contextlib import closing
from pathlib import Path

import nbclient
import nbformat
import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest

import brightcall_pandas as bc
from brightcall_pandas.cache._answers import SERIALIZER

pytestmark = pytest.mark.usefixtures("quick_retries")

PACKAGE = str(Path(bc.__file__).parent)
KEY = "canary-0123456789abcdef"


@pytest.fixture
def log(caplog):
    """Everything that is logged, by whatever library, tracebacks included."""
    caplog.set_level(logging.DEBUG)
    for name in ("urllib3", "requests", "requests_cache", "brightcall_pandas", "asyncio"):
        caplog.set_level(logging.DEBUG, logger=name)
    return caplog


@pytest.fixture
def client(shared, tmp_path):
    made = shared.client(cache_dir=tmp_path / "cache", page_size=40, retries=2)
    yield made
    made.close()


def places_on_disk(folder: Path) -> dict[str, bytes]:
    """All bytes under a folder: files as they are, answers and parquet decoded."""
    found = {}
    for path in folder.rglob("*"):
        if not path.is_file():
            continue
        found[str(path)] = path.read_bytes()
        found[f"name of {path}"] = str(path.relative_to(folder)).encode()
        if path.suffix == ".parquet":
            table = pq.read_table(path)
            found[f"schema of {path}"] = str(
                table.schema.to_string(show_field_metadata=True, truncate_metadata=False)
            ).encode()
            found[f"metadata of {path}"] = b"".join((pq.read_metadata(path).metadata or {}).values())
            found[f"rows of {path}"] = json.dumps(table.to_pylist(), default=str).encode()
        if path.suffix == ".sqlite":
            with closing(sqlite3.connect(path)) as connection:
                for key, value in connection.execute("SELECT key, value FROM responses"):
                    kept = SERIALIZER.loads(value)
                    request = kept.request
                    found[f"answer {key}"] = (
                        kept.content + kept.url.encode() + request.url.encode() + request.body
                    )
                    found[f"answer {key}, everything"] = repr(vars(kept)).encode()
    return found


def assert_nowhere(key: str, places: dict[str, bytes]) -> None:
    assert len(places) > 5
    assert [name for name, content in places.items() if key.encode() in content] == []


def shown_by(error: BaseException) -> str:
    """All that any traceback would show, also one that shows the variables of this package's frames."""
    chain, text = [error], "".join(traceback.format_exception(error))
    while chain:
        each = chain.pop()
        chain += [other for other in (each.__cause__, each.__context__) if other is not None]
        text += repr(each) + str(each.args) + str(vars(each))
        inside = getattr(each, "cause_traceback", None)  # which the shown traceback leaves out
        for frame, _ in (*traceback.walk_tb(each.__traceback__), *traceback.walk_tb(inside)):
            if frame.f_code.co_filename.startswith(PACKAGE):
                text += " ".join(map(repr, frame.f_locals.values()))
    return text


def attributes_of(thing: object, depth: int = 3) -> list[str]:
    """Return all that is shown of an object's attributes, and of theirs, as a debugger would."""
    held = list(getattr(thing, "__dict__", {}).values()) if depth else []
    return [repr(each) for each in held] + [text for each in held for text in attributes_of(each, depth - 1)]


FAULTS = {
    "none": None,
    "transient": {
        "http_500": {"first": 1},
        "reset": {"first": 1},
        "truncated": {"first": 1},
        "html": {"first": 1},
    },
    "echo in a header": {"echo_key": {"where": "header"}},
    "echo in the body": {"echo_key": {"where": "body"}},
    "echo in an error": {"echo_key": {"where": "error"}},
    "echo in a redirect": {"echo_key": {"where": "redirect"}},
    "500": {"http_500": 1},
    "429": {"rate_limit_bare": 1},
    "reset": {"reset": 1},
    "cut": {"truncated": 1},
    "HTML": {"html": 1},
    "success: false": {"success_false": 1},
    "redirect": {"redirect": 1},
    "hanging": {"hang": 1},
}


class TestEverythingThatARunLeaves:
    @pytest.mark.parametrize("name", FAULTS)
    def test_has_no_key(self, client, shared, tmp_path, log, name, capfd):
        if name == "hanging":
            client.timeout = 0.3
        key, shown = shared.api_key, []
        shared.set_faults(FAULTS[name])
        log.clear()  # of what the sandbox was told
        days = (shared.day_from, shared.day_to)
        for ask in (bc.load_calls, bc.count_calls, bc.load_stats, bc.load_catalog):
            try:
                result = ask(*days, client=client)
            except bc.BrightcallError as error:
                shown.append(shown_by(error))
            else:
                shown.append(f"{result!r} {getattr(result, 'attrs', '')}")
                if isinstance(result, pd.DataFrame):
                    shown.append(result.to_csv() + json.dumps(result.attrs, default=str))
                    result.to_pickle(tmp_path / f"{ask.__name__}.pickle")
                if ask is bc.load_calls:
                    result.calls.to_parquet(tmp_path / "calls.parquet", partition=None)
                    shown.append(result.calls.quality().to_csv())
        shown += [repr(client), repr(client.session), repr(client.cache), repr(client.cache.info())]
        shown += attributes_of(client)
        assert [text for text in shown if key in text] == []
        assert len(shown) >= 10
        assert "urllib3.connectionpool" in {each.name for each in log.records}
        assert key not in log.text
        assert_nowhere(key, places_on_disk(tmp_path))
        said = capfd.readouterr()
        assert key not in said.out + said.err

    def test_the_search_would_find_it(self, client, shared, tmp_path, log):
        """The same search finds a word that does stand everywhere, so it looks where it should."""
        frame = bc.load_calls(shared.day_from, shared.day_to, client=client)
        word = frame["uniqueId"].iloc[0]
        names = {
            name.split(" ")[0]
            for name, content in places_on_disk(tmp_path).items()
            if word.encode() in content
        }
        assert {"rows", "answer"} <= names
        days = [
            name for name, content in places_on_disk(tmp_path).items() if shared.day_from.encode() in content
        ]
        assert any(name.startswith("metadata") for name in days)
        assert any(name.startswith("answer") for name in days)
        error = ValueError(word)
        assert word in shown_by(error)
        assert "/api/v1/stat/calls?api-key=[api-key]" in log.text

    def test_a_key_of_unusual_letters(self, scripted, tmp_path, log):
        key = 'Schlüssel/+&="<>\\ 0123'

        def echo(target):
            content = json.dumps({"success": True, "calls": [], "totalItems": 0, "said": key, "url": target})
            return 200, {"X-Echo": target}, content.encode()

        scripted.answers = [echo]
        client = bc.Client(key, base_url=scripted.url, cache_dir=tmp_path, timezone="UTC")
        frame = bc.load_calls("2026-03-28", "2026-03-28", client=client)
        spellings = [key, json.dumps(key)[1:-1], scripted.targets[0].split("=", 1)[1]]
        assert len(set(spellings)) == 3
        places = places_on_disk(tmp_path)
        for spelling in spellings:
            assert_nowhere(spelling, places)
            assert spelling not in log.text + repr(frame.attrs) + repr(client)
        client.close()


class TestNotebooks:
    def test_outputs_have_no_key(self, shared, tmp_path, monkeypatch):
        """A real kernel: tables, objects, a log at DEBUG, the traceback of an error that echoes the key."""
        monkeypatch.setenv("BRIGHTCALL_API_KEY", shared.api_key)
        monkeypatch.setenv("BRIGHTCALL_BASE_URL", shared.url)
        monkeypatch.setenv("BRIGHTCALL_CACHE_DIR", str(tmp_path))
        days = f"{shared.day_from!r}, {shared.day_to!r}"
        sources = [
            "import logging, brightcall_pandas as bc; logging.basicConfig(level=logging.DEBUG)",
            f"calls = bc.load_calls({days}); calls",
            "calls.attrs, calls.calls.quality(), bc.Client(), vars(bc.Client())",
            f"bc.load_stats({days}, refused=1)",
            f"bc.load_calls({days}, refresh=True)",
        ]
        notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(each) for each in sources])
        kernel = nbclient.NotebookClient(notebook, timeout=60, allow_errors=True)
        with kernel.setup_kernel():
            for number, cell in enumerate(notebook.cells):
                if number == len(sources) - 1:
                    shared.set_faults({"echo_key": {"where": "error"}})
                kernel.execute_cell(cell, number)
        outputs = json.dumps([cell["outputs"] for cell in notebook.cells])
        assert "answerTime" in outputs  # of the table
        assert "POST /api/v1/stat/calls" in outputs  # of the log
        assert outputs.count('"output_type": "error"') == 2
        assert shared.api_key not in outputs


class TestOtherHosts:
    @pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
    def test_a_redirect_never_carries_it(self, scripted, tmp_path, status):
        with socket.create_server(("127.0.0.1", 0)) as elsewhere:
            port = elsewhere.getsockname()[1]
            scripted.answers = [
                lambda target: (status, {"Location": f"http://127.0.0.1:{port}{target}"}, b"")
            ]
            client = bc.Client(KEY, base_url=scripted.url, cache_dir=tmp_path)
            with pytest.raises(bc.InvalidResponseError, match=f"redirects to 127.0.0.1:{port}") as caught:
                bc.load_calls("2026-03-28", "2026-03-28", client=client)
            client.close()
            elsewhere.settimeout(0)
            with pytest.raises(BlockingIOError):
                elsewhere.accept()  # nobody called
        assert KEY not in shown_by(caught.value)
        assert len(scripted.targets) <= 2  # both ends of the list are asked for at once

    def test_it_is_only_ever_in_the_address_that_is_asked(self, shared, client):
        bc.load_calls(shared.day_from, shared.day_to, client=client)
        for seen in shared.requests()[-client.session.requests :]:
            assert seen["query"] == {"api-key": shared.api_key}
            assert shared.api_key not in seen["body"] + json.dumps(seen["headers"])


class TestLogs:
    def test_a_header_that_cannot_be_read(self, tmp_path, log):
        """urllib3 logs such headers as they are, whoever wrote them."""

        def serve(server):
            connection, _ = server.accept()
            with connection:
                asked = connection.recv(65536).decode().split(" ")[1]
                body = b'{"success": true, "calls": [], "totalItems": 0}'
                head = f"HTTP/1.1 200 OK\r\nContent-Length: {len(body)}\r\nno header {asked}\r\n{KEY}\r\n\r\n"
                connection.sendall(head.encode() + body)

        with socket.create_server(("127.0.0.1", 0)) as server:
            threading.Thread(target=serve, args=(server,), daemon=True).start()
            url = f"http://127.0.0.1:{server.getsockname()[1]}"
            client = bc.Client(KEY, base_url=url, cache_dir=tmp_path, retries=0, timeout=5)
            assert bc.count_calls("2026-03-28", "2026-03-28", client=client) == 0
            client.close()
        assert "urllib3.connectionpool" in log.text
        assert "Failed to parse headers" not in log.text  # they are left out before urllib3 sees them
        assert KEY not in log.text


class TestPickle:
    def test_none_in_the_cache_is_ever_read(self, client, shared, tmp_path, monkeypatch):
        """With the page cache full of pickles and pickle out of order, everything works."""
        bc.load_calls(shared.day_from, shared.day_to, client=client)
        bc.count_calls(shared.day_from, shared.day_to, client=client)
        client.close()
        ran = tmp_path / "ran"
        bomb = b"cos\nsystem\n(S'touch " + str(ran).encode() + b"'\ntR."
        pickle.loads(bomb)
        assert ran.exists()  # it does go off when somebody reads it
        ran.unlink()
        with closing(sqlite3.connect(client.cache.folder / "pages.sqlite")) as connection:
            connection.execute("UPDATE responses SET value = ?", (bomb,))
            connection.commit()
        for path in client.cache.folder.rglob("*.parquet"):
            path.write_bytes(bomb)
        (client.cache.folder / "account.json").write_bytes(bomb)
        client.close()
        for ask, found in ((bc.load_calls, 240), (bc.count_calls, 1)):
            with pytest.warns(RuntimeWarning, match="damaged"):
                assert np.size(ask(shared.day_from, shared.day_to, client=client)) >= found
        assert not ran.exists()

    def test_a_load_unpickles_nothing(self, client, shared, monkeypatch):
        def refuse(*_, **__):
            raise AssertionError("something was unpickled")

        for name in ("load", "loads", "Unpickler"):
            monkeypatch.setattr(pickle, name, refuse)
        for _ in range(2):
            assert len(bc.load_calls(shared.day_from, shared.day_to, client=client)) == 240
            assert bc.count_calls(shared.day_from, shared.day_to, client=client) == 240
