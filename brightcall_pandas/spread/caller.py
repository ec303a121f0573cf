"""Who sends errands: a few ahead of what is used, in order of days."""

from __future__ import annotations

import importlib
import uuid
from collections import deque
from collections.abc import Iterable, Iterator
from contextlib import nullcontext
from dataclasses import replace
from typing import Any

from brightcall_pandas.client import Client
from brightcall_pandas.errors import IncompleteDataError, OfflineError
from brightcall_pandas.spread.errand import Errand, run
from brightcall_pandas.spread.parcel import Parcel, unpacked
from brightcall_pandas.spread.turns import dealing
from brightcall_pandas.windows import Loading, runs

__all__ = ["ROWS_AN_ERRAND", "checked_cluster", "gathered", "spread"]

ROWS_AN_ERRAND = 5_000
"""About so many calls are one errand; a busier day is not cut up."""

_AHEAD = 2  # errands for each thread of the cluster: one that is done, one that waits


def checked_cluster(cluster: Any) -> Any:
    """Return a client of a dask cluster; refuse anything else by name."""
    if not isinstance(cluster, importlib.import_module("distributed").Client):
        msg = f"dask takes a dask.distributed.Client, not {type(cluster).__name__}"
        raise TypeError(msg)
    return cluster


def spread(cluster: Any, client: Client, loadings: Iterable[Loading]) -> Iterator[Loading]:
    """Have the missing days of loads read by the workers of a cluster.

    Parameters
    ----------
    cluster
        Client of a dask cluster.
    client
        The client of the loads. Its rate limit holds for all workers together.
    loadings
        Loads of some days each. They are taken a few at a time, so memory and disk stay bounded.

    Yields
    ------
    Loading
        The same loads, each once its days are in the cache.

    Raises
    ------
    BrightcallError
        As the loads themselves would; from a worker.
    """
    _ = client.session  # says that there is no key, before anything is sent
    limited = client.rate_limit is not None
    with dealing(cluster, client.turns) if limited else nullcontext() as turns:
        ahead: deque[tuple[Loading, Any]] = deque()
        try:
            for loading in loadings:
                ahead.append((loading, _sent(cluster, loading, turns)))
                while len(ahead) > _AHEAD * max(1, sum(cluster.nthreads().values())):
                    yield _arrived(*ahead.popleft())
            while ahead:
                yield _arrived(*ahead.popleft())
        finally:
            cluster.cancel([errand for _, errand in ahead if errand is not None])


def gathered(cluster: Any, loading: Loading, loadings: Iterable[Loading]) -> Loading:
    """Have a load's missing days read by the workers of a cluster, and return the load to be made here.

    Parameters
    ----------
    cluster
        Client of a dask cluster.
    loading
        The load.
    loadings
        The same load cut into spans of days.

    Returns
    -------
    Loading
        It reads from the cache, or, where that lacks days, is the load itself: then it reads them.
    """
    for _ in spread(cluster, loading.client, loadings):
        pass
    return _from_cache(loading)


def _sent(cluster: Any, loading: Loading, turns: str | None) -> Any:
    """Send the errand of a load; None where the cache has all of its days."""
    missing = loading.missing()
    if not missing or loading.client.offline:
        return None
    client = loading.client
    errand = Errand(
        runs=[(days[0], days[-1]) for days in runs(missing)],
        filters=loading.spec.without("day_from", "day_to").to_dict(),
        settings={
            "base_url": client.base_url,
            "api_version": client.profile.name,
            "timezone": client.timezone,
            "page_size": client.page_size,
            "workers": client.workers,
            "timeout": client.timeout,
            "retries": client.retries,
            "allow_http": True,  # the client here has judged its address
        },
        key_hash=client.key_hash,
        known=client.cache.account,
        turns=turns,
        per_second=client.rate_limit,
    )
    return cluster.submit(run, errand, key=f"brightcall-{missing[0]}-{uuid.uuid4().hex[:8]}", pure=False)


def _arrived(loading: Loading, errand: Any) -> Loading:
    """Return a load that reads what an errand brought; the load itself where it brought too little."""
    if errand is None:
        return loading
    try:
        parcel: Parcel = errand.result()
    except IncompleteDataError:
        if loading.strict:
            raise
        return loading  # it warns, and marks what it reads
    finally:
        errand.release()
    unpacked(parcel, loading.client.cache)
    loading.progress.add(parcel.calls, len(parcel.pages))
    return _from_cache(loading)


def _from_cache(loading: Loading) -> Loading:
    """Return the load from the cache; the load itself where the cache lacks days, or cannot be written."""
    from_cache = replace(loading, client=loading.client.from_cache(), refresh=False)
    try:
        return loading if from_cache.missing() else from_cache
    except OfflineError:
        return loading
