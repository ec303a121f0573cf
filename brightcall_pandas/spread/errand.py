"""What a worker does: read some days as any load does, into a cache of its own, and pack that.

The API key is no part of an errand. A worker has it in its own environment, so it passes through no
scheduler, graph, dashboard or log.
"""

from __future__ import annotations

import importlib
import os
import tempfile
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from brightcall_pandas.account import Account
from brightcall_pandas.api.workers import Backlog
from brightcall_pandas.client import Client
from brightcall_pandas.errors import AuthenticationError
from brightcall_pandas.filters import CallFilter
from brightcall_pandas.spread.parcel import Parcel, packed
from brightcall_pandas.spread.turns import Turns
from brightcall_pandas.windows import Loading

__all__ = ["Errand", "run"]


@dataclass(frozen=True)
class Errand:
    """What a worker is told. Its repr shows the days only: numbers may be asked for.

    Parameters
    ----------
    runs
        First and last day of each run of days to read.
    filters
        Which calls, without the days.
    settings
        Settings of the client.
    key_hash
        Tells whether a worker has the same key.
    known
        What is known about the account.
    turns, per_second
        Name of the queue of turns, and how many are dealt; None does not limit.
    """

    runs: list[tuple[date, date]]
    filters: dict[str, Any] = field(repr=False)
    settings: dict[str, Any] = field(repr=False)
    key_hash: str | None = field(repr=False)
    known: Account = field(repr=False)
    turns: str | None = field(repr=False)
    per_second: float | None = field(repr=False)


def run(errand: Errand) -> Parcel:
    """Read the days of an errand; called on a worker."""
    distributed = importlib.import_module("distributed")
    worker = distributed.get_worker()
    # In the worker's own folder, which dask sweeps even after a worker was killed.
    with tempfile.TemporaryDirectory(prefix="brightcall-", dir=worker.local_directory) as folder:
        client = _client(errand, folder, worker.address)
        queue = None
        if errand.turns is not None and errand.per_second is not None:
            queue = distributed.Queue(errand.turns, client=distributed.get_client(), maxsize=1)
            client.turns = Turns(queue, errand.per_second)
        try:
            facts = {name: getattr(errand.known, name) for name in Account.__struct_fields__}
            client.cache.learn(**facts)
            for first, last in errand.runs:
                spec = CallFilter(day_from=first, day_to=last, **errand.filters)
                with Backlog() as backlog:
                    for _ in Loading(client, spec, ["id"]).parts(backlog):
                        pass  # each is in the cache when the backlog is done
            return packed(client.cache)
        finally:
            client.close()
            if queue is not None:
                queue.close()


def _client(errand: Errand, folder: str, worker: str) -> Client:
    if not os.environ.get("BRIGHTCALL_API_KEY"):
        msg = (
            f"the worker {worker} has no API key: start workers with BRIGHTCALL_API_KEY in their environment "
            "(docs/scale.md says how). It is not sent to them, since schedulers and logs would see it."
        )
        raise AuthenticationError(msg)
    client = Client(cache_dir=folder, account="errand", **errand.settings)
    if client.key_hash != errand.key_hash:
        msg = (
            f"the worker {worker} has another API key in its BRIGHTCALL_API_KEY than the client that asks: "
            "its calls would be those of another account"
        )
        raise AuthenticationError(msg)
    return client
