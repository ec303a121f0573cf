"""Windows read by the workers of a dask cluster, into the cache of whoever asks.

::

    caller   sends errands, a few ahead of what is used, and puts what they bring into the cache
    errand   one errand on a worker: it reads days as any load does, into a cache of its own
    parcel   what a cache holds, packed for the way, and unpacked into another one
    turns    one rate limit for all workers

Workers need this package and a way to the API; they share no folder with anybody. A load then goes on as
ever, from the cache. So whatever a cluster does not bring is read by the caller, and nothing is lost.
"""

from brightcall_pandas.spread.caller import ROWS_AN_ERRAND, checked_cluster, gathered, spread

__all__ = ["ROWS_AN_ERRAND", "checked_cluster", "gathered", "spread"]
