"""What a traceback shows: where the user called, what happened, and never the key."""

from __future__ import annotations

import copy
import os
import pickle
import signal
import threading
import traceback
from pathlib import Path

import pandas as pd
import pytest

import brightcall_pandas as bc
from brightcall_pandas.doctor import report

pytestmark = pytest.mark.usefixtures("quick_retries")

PACKAGE = str(Path(bc.__file__).parent)
KEY = "canary-0123456789abcdef"
DAYS = ("2026-03-28", "2026-03-29")


def export_calls(*days, client):
    return bc.export_calls(*days, client.cache.folder.parent / "files", client=client)


LOADERS = [bc.load_calls, bc.count_calls, bc.load_stats, bc.load_catalog, export_calls]


def frames_of_the_package(trace):
    return [each for each in traceback.extract_tb(trace) if each.filename.startswith(PACKAGE)]


@pytest.fixture(params=["a wrong key", "a server that is down", "no key"])
def client(request, shared, tmp_path, monkeypatch):
    monkeypatch.delenv("BRIGHTCALL_DEBUG", raising=False)
    monkeypatch.delenv("BRIGHTCALL_API_KEY", raising=False)
    options = {"cache_dir": tmp_path, "retries": 1, "base_url": shared.url}
    if request.param == "a server that is down":
        options |= {"base_url": "http://127.0.0.1:9"}
    made = bc.Client(None if request.param == "no key" else KEY, account="mine", **options)
    yield made
    made.close()


class TestPickled:
    @pytest.mark.parametrize("copied", [lambda error: pickle.loads(pickle.dumps(error)), copy.deepcopy])
    def test_an_error_reaches_another_process(self, client, copied):
        with pytest.raises(bc.BrightcallError) as caught:
            bc.count_calls(*DAYS, client=client)
        caught.value.add_note("on Monday")
        other = copied(caught.value)
        assert type(other) is type(caught.value)
        assert str(other) == str(caught.value)
        assert other.__notes__ == ["on Monday"]
        assert other.cause_traceback is None


class TestBrief:
    @pytest.mark.parametrize("ask", LOADERS)
    def test_no_frame_of_the_package(self, client, ask):
        with pytest.raises(bc.BrightcallError) as caught:
            ask(*DAYS, client=client)
        assert not frames_of_the_package(caught.value.__traceback__)
        assert len(traceback.format_exception(caught.value)) < 12  # and nothing that stands before it
        assert len(frames_of_the_package(caught.value.cause_traceback)) > 3

    def test_all_of_them_where_that_is_wished(self, client, monkeypatch):
        monkeypatch.setenv("BRIGHTCALL_DEBUG", "1")
        with pytest.raises(bc.BrightcallError) as caught:
            bc.load_calls(*DAYS, client=client)
        assert len(frames_of_the_package(caught.value.__traceback__)) > 3

    @pytest.mark.parametrize("off", ["0", ""])
    def test_not_where_it_is_switched_off(self, client, monkeypatch, off):
        monkeypatch.setenv("BRIGHTCALL_DEBUG", off)
        with pytest.raises(bc.BrightcallError) as caught:
            bc.load_calls(*DAYS, client=client)
        assert not frames_of_the_package(caught.value.__traceback__)

    def test_a_wrong_argument_is_not_one_of_them(self, client):
        with pytest.raises(ValueError, match="is not a date") as caught:
            bc.load_calls("yesterday", "tomorrow", client=client)
        assert not hasattr(caught.value, "cause_traceback")


def shown_by(error):
    """All that tracebacks show that print the local variables of every frame, whosever it is."""
    chain, text = [error], ""
    while chain:
        each = chain.pop()
        chain += [other for other in (each.__cause__, each.__context__) if other is not None]
        text += repr(each) + str(each)
        for trace in (each.__traceback__, getattr(each, "cause_traceback", None)):
            for frame, _ in traceback.walk_tb(trace):
                if frame.f_code.co_filename != __file__:
                    text += repr(frame.f_locals)
    return text


@pytest.mark.skipif(os.name == "nt", reason="signals of Windows reach a waiting thread later")
class TestInterrupted:
    @pytest.mark.parametrize("ask", [*LOADERS, lambda *days, client: report(client, day_from=days[0])])
    def test_no_frame_has_the_key(self, start_server, tmp_path, ask):
        """Ctrl-C while the server is thinking: also the frames of requests and urllib3 are looked at."""
        over, first = threading.Event(), threading.Lock()

        def interrupt(_):
            if first.acquire(blocking=False):  # a load asks several things at once
                os.kill(os.getpid(), signal.SIGINT)
            over.wait(30)

        server = start_server()
        server.answers = [interrupt]
        client = bc.Client(KEY, base_url=server.url, cache_dir=tmp_path, account="mine", timezone="UTC")
        try:
            with pytest.raises(KeyboardInterrupt) as caught:
                ask(*DAYS, client=client)
        finally:
            over.set()
        assert KEY not in shown_by(caught.value)
        assert len(frames_of_the_package(caught.value.__traceback__)) >= 2  # it is no short one
        client.close()


MISTAKES = {
    "a day": lambda client: bc.load_calls("tomorrow", client=client),
    "a name": lambda client: bc.count_calls(*DAYS, client=client, tipes=1),
    "a value": lambda client: bc.load_stats(*DAYS, client=client, types="sideways"),
    "a column": lambda client: bc.load_calls(*DAYS, client=client, columns=["talktime"]),
    "a filter": lambda client: bc.CallFilter(types="sideways"),
    "a range": lambda client: bc.CallFilter(talk_time_from=9, talk_time_to=3),
    "rows": lambda client: pd.DataFrame({"id": ["1"]}).calls.filter(types=1),
    "a table": lambda client: pd.DataFrame({"id": ["1"]}).calls.by_outcome(),
    "a picture": lambda client: pd.DataFrame({"id": ["1"]}).calls.plot.by_outcome(),
    "files": lambda client: bc.read_calls("there is no such folder"),
    "an explorer": lambda client: bc.explore("30 days", client=client),
    "no days": lambda client: bc.load_calls(client=client),
    "a method": lambda client: pd.DataFrame({"id": ["1"]}).calls.by_agents(),
    "a function": lambda client: bc.load_cals(),
    "a column's use": lambda client: pd.DataFrame({"id": ["1"]}).calls + 1,
    "a setting": lambda client: bc.Client(page_size="large"),
    "a metric": lambda client: bc.Metric("long talks"),
    "a world": lambda client: bc.World(3),
    "a table's picture": lambda client: bc.plots.by_outcome(),
    "a client": lambda client: bc.use("mine"),
    "a sandbox": lambda client: bc.start_sandbox(calls="many"),
}


@pytest.mark.parametrize("client", ["a server that is down"], indirect=True)
class TestRefused:
    """A wrong argument is the user's own line and a message, however deep it was found."""

    @pytest.mark.parametrize("mistake", MISTAKES.values(), ids=MISTAKES)
    def test_no_frame_of_the_package(self, client, mistake):
        with pytest.raises((TypeError, ValueError, KeyError, OSError, AttributeError)) as caught:
            mistake(client)
        assert not frames_of_the_package(caught.value.__traceback__)
        assert len(traceback.format_exception(caught.value)) < 8  # and no other error stands before it

    @pytest.mark.parametrize("mistake", MISTAKES.values(), ids=MISTAKES)
    def test_all_of_them_where_that_is_wished(self, client, mistake, monkeypatch):
        monkeypatch.setenv("BRIGHTCALL_DEBUG", "1")
        with pytest.raises((TypeError, ValueError, KeyError, OSError, AttributeError)) as caught:
            mistake(client)
        assert frames_of_the_package(caught.value.__traceback__)

    def test_what_nobody_meant_to_raise_keeps_its_frames(self, client):
        with pytest.raises(TypeError, match="expected string") as caught:
            bc.load_calls(Deaf("2026-03-01"), client=client)
        assert len(frames_of_the_package(caught.value.__traceback__)) > 3


class TestMisfits:
    """Arguments that do not fit a signature: the message says what to pass, as the docstring has it."""

    @pytest.mark.parametrize("ask", [bc.load_calls, bc.count_calls, bc.load_stats, bc.explore, bc.revisions])
    def test_without_days(self, ask):
        with pytest.raises(TypeError, match=f"^{ask.__name__} needs day_from") as caught:
            ask()
        assert '"30d"' in str(caught.value)  # an example

    def test_of_several_each_is_told(self):
        with pytest.raises(TypeError, match=r"^export_calls needs day_from and day_to and path") as caught:
            bc.export_calls()
        assert [line.split(":")[0] for line in str(caught.value).splitlines()[1:]] == [
            "  day_from, day_to",
            "  path",
        ]

    @pytest.mark.parametrize(
        ("name", "meant"), [("start", "day_from"), ("until", "day_to"), ("END", "day_to")]
    )
    def test_days_under_other_names(self, name, meant):
        with pytest.raises(TypeError, match=f"no argument '{name}'; did you mean '{meant}'"):
            bc.load_calls("2026-03-01", **{name: "2026-03-02"})

    def test_of_a_table(self):
        calls = pd.DataFrame({"state": ["answered"]}).calls
        for table in (calls.breakdown, calls.plot.breakdown):
            with pytest.raises(TypeError, match=r"^breakdown needs by\.\n  by: .*project"):
                table()
        with pytest.raises(TypeError, match=r"did you mean 'rank_by'\? It takes rank_by, "):
            calls.by_agent(rank="answer_rate")
        with pytest.raises(TypeError, match=r"^by_outcome takes no argument without a name: write by=…$"):
            calls.by_outcome("project")
        with pytest.raises(TypeError, match=r"^by_agent takes no argument without a name: write by=…$"):
            calls.by_agent("project")
        with pytest.raises(TypeError, match=r"^name a picture: df\.calls\.plot\.by_outcome\(\)"):
            calls.plot()
        with pytest.raises(TypeError, match=r"^compare is given other twice"):
            calls.compare(pd.DataFrame(), other=pd.DataFrame())

    def test_what_fits_and_fails_deep_inside_is_no_misfit(self):
        with pytest.raises(TypeError, match="expected string"):
            bc.load_calls(Deaf("2026-03-01"))


class Deaf(str):
    def strip(self):
        return 5


class TestInANotebook:
    """What IPython prints of an error in a cell: it has its own formatter, which shows code around."""

    def shown(self, line, capsys, **names):
        shell = pytest.importorskip("IPython.core.interactiveshell").InteractiveShell()
        shell.colors = "nocolor"
        shell.user_ns |= {"bc": bc, **names}
        capsys.readouterr()
        shell.run_cell(line)
        return capsys.readouterr().out

    def test_a_load_that_fails(self, client, capsys):
        text = self.shown(f"bc.load_calls{DAYS}", capsys)
        assert 3 < len(text.splitlines()) < 20
        assert "errors.py" not in text  # it ends with the user's line and the message

    def test_a_wrong_argument(self, capsys):
        text = self.shown("bc.load_calls('tomorrow')", capsys)
        assert len(text.splitlines()) < 20
        assert text.splitlines()[-1].startswith("ValueError: day_from='tomorrow' is not a date")
