"""One account's folder: what is in it, how days are taken out of it."""

from __future__ import annotations

import json
import sqlite3
import stat
from datetime import UTC, datetime, timedelta

import pytest

import brightcall_pandas as bc
from brightcall_pandas.cache._folder import Cache
from brightcall_pandas.frame._fields import SCHEMA_VERSION

DAYS = ["2026-03-28", "2026-03-29", "2026-03-30", "2026-03-31"]


@pytest.fixture
def client(shared, tmp_path):
    made = shared.client(cache_dir=tmp_path / "cache")
    yield made
    made.close()


@pytest.fixture
def asked(shared):
    """Days of the requests since the test began."""
    before = len(shared.requests())

    def asked():
        bodies = [json.loads(each["body"]) for each in shared.requests()[before:]]
        return [(body["dayFrom"], body["dayTo"]) for body in bodies]

    return asked


def load(client, first=DAYS[0], last=DAYS[-1], **options):
    return bc.load_calls(first, last, client=client, **options)


def files(client, pattern):
    return sorted(each.name for each in client.cache.folder.rglob(pattern))


def age(client, days):
    """Make everything in the cache as if fetched so many days earlier."""
    for path in client.cache.folder.rglob("*.parquet"):
        parts = path.name.split(".")
        parts[1] = f"{int(parts[1]) - days * 86_400_000:013}"
        path.rename(path.with_name(".".join(parts)))


class TestFolder:
    def test_a_new_one_is_kept_out_of_git(self, client, tmp_path):
        load(client)
        assert (tmp_path / "cache" / ".gitignore").read_text() == "*\n!.gitignore\n"
        assert (client.cache.folder / ".gitignore").read_text() == "*\n"

    @pytest.mark.parametrize("before", [{"README.md": "mine"}, {".gitignore": "*.pyc\n"}])
    def test_a_projects_own_folder_is_not_all_ignored(self, client, tmp_path, before):
        (tmp_path / "cache").mkdir()
        for name, content in before.items():
            (tmp_path / "cache" / name).write_text(content)
        load(client)
        top = {each.name: each.read_text() for each in (tmp_path / "cache").iterdir() if each.is_file()}
        assert top == before
        assert (client.cache.folder / ".gitignore").read_text() == "*\n"

    def test_two_accounts_never_share(self, shared, tmp_path, fetch_plainly):
        one, other = (shared.client(cache_dir=tmp_path, account=name) for name in ("one", "other"))
        assert len(load(one)) == 240
        shared.set_faults({"http_500": 1})
        with pytest.raises(bc.ServerError):
            load(shared.client(cache_dir=tmp_path, account="other", retries=0))
        assert len(load(one)) == 240
        shared.set_faults(None)
        before = one.session.requests
        assert len(load(other)) == 240
        assert other.session.requests > 0
        other.cache.clear()
        assert one.cache.info()["calls"] == 240
        load(one)
        assert one.session.requests == before

    def test_the_same_account_under_a_new_key(self, shared, tmp_path, asked):
        load(shared.client(cache_dir=tmp_path, account="mine"))
        before = len(asked())
        rotated = shared.client(cache_dir=tmp_path, account="mine", api_key="another-key-entirely")
        assert len(load(rotated)) == 240
        assert len(asked()) == before

    def test_blanks_and_letters_of_other_alphabets(self, shared, tmp_path, asked):
        folder = tmp_path / "Meine Daten" / "кэш – 缓存 'é' %20 #1?"
        client = shared.client(cache_dir=folder, account="Größe & Söhne / Köln")
        first = load(client)
        before = len(asked())
        again = shared.client(cache_dir=folder, account="Größe & Söhne / Köln")
        assert load(again)["id"].tolist() == first["id"].tolist()
        assert bc.count_calls(*DAYS[::3], client=again) == 240
        assert bc.count_calls(*DAYS[::3], client=again) == 240
        assert len(asked()) == before + 1
        info = again.cache.info()
        assert (info["calls"], info["damaged"]) == (240, 0)
        assert all(folder in each.parents for each in tmp_path.rglob("*.parquet"))


class TestInfo:
    def test_empty(self, client, tmp_path):
        assert client.cache.info() == {
            "folder": str(client.cache.folder),
            **dict.fromkeys(
                ("queries", "files", "days", "calls", "window_bytes", "pages", "page_bytes", "damaged"), 0
            ),
            **dict.fromkeys(("old_bytes", "ledger_bytes", "bytes"), 0),
            "ledger": "values",
            **dict.fromkeys(("first_day", "last_day", "oldest", "limit", "dropped")),
            "server": {},
        }
        assert not (tmp_path / "cache").exists()  # looking makes nothing

    def test_filled(self, client, shared):
        begun = datetime.now(UTC)
        load(client, DAYS[0], DAYS[2])
        inbound = len(load(client, DAYS[2], DAYS[3], types="inbound"))
        info = client.cache.info()
        sizes = [each.stat().st_size for each in client.cache.folder.rglob("*.parquet")]
        assert (info["queries"], info["files"], info["days"]) == (2, 2, 5)
        assert 0 < inbound < 240
        assert info["calls"] == sum(shared.truth["by_day"][day] for day in DAYS[:3]) + inbound
        assert (info["first_day"], info["last_day"]) == (DAYS[0], DAYS[3])
        assert begun - timedelta(seconds=1) <= info["oldest"] <= datetime.now(UTC)
        assert info["window_bytes"] == sum(sizes)
        assert info["pages"] >= 2
        assert info["page_bytes"] > 0

    def test_a_day_that_was_fetched_again_counts_once(self, client):
        load(client, DAYS[0], DAYS[1])
        load(client, DAYS[1], DAYS[2], refresh=True)
        info = client.cache.info()
        assert (info["days"], info["files"]) == (3, 2)

    def test_damaged_files(self, client):
        load(client)
        (segment,) = client.cache.folder.rglob("*.parquet")
        segment.write_bytes(b"half")
        assert client.cache.info()["calls"] == 0
        with pytest.warns(RuntimeWarning, match="damaged"):
            assert len(load(client)) == 240
        assert client.cache.info()["damaged"] == 1
        client.close()
        database = client.cache.folder / "pages.sqlite"
        for each in client.cache.folder.glob("pages.sqlite*"):
            each.unlink()
        database.write_bytes(b"these are no answers" * 100)
        with pytest.warns(RuntimeWarning, match="damaged"):
            assert client.cache.info()["damaged"] == 2


class TestClear:
    def test_everything(self, client, asked):
        load(client)
        before = len(asked())
        client.cache.clear()
        info = client.cache.info()
        assert (info["calls"], info["files"], info["pages"]) == (0, 0, 0)
        assert len(load(client)) == 240
        assert len(asked()) > before

    def test_what_was_learnt_is_shown_and_forgotten(self, client):
        load(client)
        client.cache.learn(other_bounds=True)
        client.cache.learn_of_server({"sizes": [500, 100]})
        info = client.cache.info()
        seen = {"value": [500, 100], "seen": str(datetime.now(UTC).date())}
        assert info["server"]["sizes"] == seen
        client.cache.clear(day_from=DAYS[0])
        assert client.cache.account.other_bounds  # some days say nothing of the account
        client.cache.clear()
        info = client.cache.info()
        assert (client.cache.account.timezone, client.cache.account.other_bounds) == (None, False)
        assert (info["server"], info["dropped"], info["old_bytes"]) == ({}, None, 0)
        assert len(load(client)) == 240

    def test_nothing_of_a_call_is_left_in_any_file(self, client):
        frame = load(client)
        needles = [each.encode() for each in frame["uniqueId"].head(20)]
        (segment,) = client.cache.folder.rglob("*.parquet")
        segment.with_name("a.damaged").write_bytes(b"".join(needles))
        (client.cache.folder / "pages.sqlite.damaged-20260101").write_bytes(b"".join(needles))
        client.cache.clear()
        left = [path for path in client.cache.folder.rglob("*") if path.is_file()]
        assert [path.name for path in left if any(needle in path.read_bytes() for needle in needles)] == []
        assert files(client, "*damaged*") == []
        # Pages are compressed, so their text cannot be looked for: the file is as small as an empty one.
        assert (client.cache.folder / "pages.sqlite").stat().st_size <= 16_384

    def test_days_are_those_that_a_load_takes(self, client):
        load(client)
        client.cache.clear("2026-W01", "2026-W09")
        assert client.cache.info()["calls"] == 240
        client.cache.clear(DAYS[1][:7], "today")
        assert client.cache.info()["calls"] == 0

    def test_a_segment_is_cut(self, client, shared, asked, fetch_plainly):
        whole = load(client)
        assert len(files(client, "*.parquet")) == 1
        client.cache.clear(DAYS[1], DAYS[2])
        assert [name[:21] for name in files(client, "*.parquet")] == [
            f"{DAYS[0]}_{DAYS[0]}",
            f"{DAYS[3]}_{DAYS[3]}",
        ]
        by_day = shared.truth["by_day"]
        assert client.cache.info()["calls"] == by_day[DAYS[0]] + by_day[DAYS[3]]
        before = len(asked())
        assert len(load(client, DAYS[0], DAYS[0])) == by_day[DAYS[0]]
        assert len(load(client, DAYS[3], DAYS[3])) == by_day[DAYS[3]]
        assert len(asked()) == before
        again = load(client)
        assert set(asked()[before:]) == {(DAYS[1], DAYS[2])}
        assert again["id"].tolist() == whole["id"].tolist()
        assert set(again["id"]) == set(fetch_plainly(shared))

    @pytest.mark.parametrize(
        ("given", "left"),
        [
            ({"day_from": DAYS[2]}, DAYS[:2]),
            ({"day_to": DAYS[1]}, DAYS[2:]),
            ({"day_from": DAYS[0], "day_to": DAYS[3]}, []),
            ({"day_from": "2025-01-01", "day_to": "2025-12-31"}, DAYS),
            ({"older_than": "1h"}, DAYS),
            ({"older_than": 0}, []),
            ({"older_than": 3600, "day_from": DAYS[0]}, DAYS),
        ],
    )
    def test_some_days(self, client, shared, given, left):
        load(client)
        client.cache.clear(**given)
        info = client.cache.info()
        assert (info["days"], info["calls"]) == (len(left), sum(shared.truth["by_day"][day] for day in left))
        assert (info["pages"] > 0) == (left == DAYS)  # the pages of this load hold all four days

    def test_older_than(self, client):
        load(client, DAYS[0], DAYS[1])
        age(client, 30)
        load(client, DAYS[2], DAYS[3])
        client.cache.clear(older_than=timedelta(days=7))
        assert client.cache.info()["first_day"] == DAYS[2]

    def test_a_segment_of_an_older_schema_goes_whole(self, client):
        load(client)
        (segment,) = client.cache.folder.rglob("*.parquet")
        segment.rename(segment.with_name(segment.name.replace(f".v{SCHEMA_VERSION}.", ".v0.")))
        client.cache.clear(DAYS[1], DAYS[1])
        assert files(client, "*.parquet") == []

    def test_a_damaged_segment_goes_whole(self, client):
        load(client)
        (segment,) = client.cache.folder.rglob("*.parquet")
        segment.write_bytes(b"half")
        client.cache.clear(DAYS[1], DAYS[1])
        assert files(client, "*.parquet") == []

    @pytest.mark.parametrize(
        ("given", "said"),
        [
            ({"day_from": "2026-02-30"}, "day_from"),
            ({"day_to": "tomorrow"}, "day_to"),
            ({"day_from": DAYS[2], "day_to": DAYS[1]}, "swap them"),
            ({"older_than": "long"}, "older_than"),
            ({"older_than": -1}, "older_than"),
        ],
    )
    def test_what_cannot_be(self, client, given, said):
        load(client)
        with pytest.raises(ValueError, match=said):
            client.cache.clear(**given)
        assert client.cache.info()["calls"] == 240

    def test_nothing_there(self, client, tmp_path):
        client.cache.clear()
        assert not (tmp_path / "cache").exists()

    def test_what_another_process_holds_is_said(self, client):
        client.cache.lock_timeout_s = 0.2
        load(client)
        holder = sqlite3.connect(client.cache.folder / "pages.sqlite", isolation_level=None)
        holder.execute("BEGIN IMMEDIATE")
        with (
            pytest.warns(RuntimeWarning, match="locked"),
            pytest.raises(bc.CacheError, match=r"cannot be cleared: .*locked"),
        ):
            client.cache.clear()
        holder.close()


class TestModes:
    def test_folders_0700_and_files_0600(self, client, tmp_path):
        load(client)
        bc.count_calls(DAYS[0], DAYS[1], client=client)
        client.cache.clear(DAYS[1], DAYS[1])
        load(client)
        modes = {each: stat.S_IMODE(each.stat().st_mode) for each in (tmp_path / "cache").rglob("*")}
        assert {mode for each, mode in modes.items() if each.is_dir()} == {0o700}
        assert {mode for each, mode in modes.items() if each.is_file()} == {0o600}
        assert len(modes) > 6


class TestPreparing:
    def test_a_folder_that_cannot_be_made_is_said_once(self, tmp_path, caplog):
        (tmp_path / "file").write_text("")
        cache = Cache(tmp_path / "file" / "account")
        with pytest.warns(RuntimeWarning, match=r"cannot be (kept|used)") as said:
            keys = [cache.pages.all_keys() for _ in range(3)]
        cache.failed(OSError("again"))
        assert keys == [[], [], []]
        assert len([each for each in said if "cannot be kept" in str(each.message)]) == 1
        logged = [each for each in caplog.records if "cannot be kept" in each.getMessage()]
        assert [(each.name, each.levelname) for each in logged] == [("brightcall_pandas", "WARNING")]
