"""`bc.lookback`: after how many days late changes have come, by what the readings in the cache saw."""

from __future__ import annotations

from typing import Unpack

from brightcall_pandas.analysis import Lookback
from brightcall_pandas.errors import brief_errors
from brightcall_pandas.filters import Filters, lists_filters
from brightcall_pandas.frame import TABLE_SCHEMA, fraction, nearest
from brightcall_pandas.load._client import Client, loading_client
from brightcall_pandas.load._loaders import spec_of
from brightcall_pandas.load._loading import Loading
from brightcall_pandas.load._watched import OUTCOME, estimated

__all__ = ["lookback"]


@brief_errors
@lists_filters
def lookback(
    field: str = OUTCOME,
    share: float = 0.99,
    *,
    confidence: float = 0.95,
    client: Client | None = None,
    **filters: Unpack[Filters],
) -> Lookback:
    """Estimate after how many days a share of the late changes has come, without asking the server.

    Parameters
    ----------
    field
        The field whose changes are meant.
    share
        Share of the changes, between 0 and 1.
    confidence
        Confidence of the interval, between 0 and 1.
    client
        Whose cache; None takes the default client's.
    **filters
        Those of the loads whose readings are compared; each set of filters has a history of its own.

    Returns
    -------
    Lookback
        ``days``, with ``days_low`` and ``days_high``; ``settle_days``, what `Client` should be given: the
        upper end in whole days, at least 3. Each is None where it is not known, and ``why`` says why.
        ``changes`` and ``calls``: what it rests on; ``from_days`` and ``horizon_days``: between which ages
        calls were watched; ``curve()``: how much still changes by age.

    Raises
    ------
    TypeError, ValueError
        A field or a filter that does not exist, or a share that cannot be.
    CacheError
        The ledger cannot be read.

    Notes
    -----
    ``docs/late-edits.md`` describes the estimate. Loads with the same filters carry it from then on, so that
    their tables tell how much is still expected to change.
    """
    fraction("share", share)
    fraction("confidence", confidence)
    if not isinstance(field, str) or field not in TABLE_SCHEMA.names:
        near = nearest(str(field), TABLE_SCHEMA.names)
        msg = f"field={field!r} is not a field{near} See bc.describe_fields()."
        raise ValueError(msg)
    client = loading_client(client)
    today = client.now().date()
    loading = Loading(client, spec_of(client, today, today, filters), ())
    store = client.cache.store(loading.query.key)
    return estimated(store, client.now(), field, share, confidence)
