"""One request to the server, and what came back; and many at once.

::

    _session       asks, tries again, keeps what came
    _threads       many requests at once
    _workers       threads
    _transport     sends with the key, returns without it
    _bounds        what one request may take at most
    _failures      why no answer came; proxies
    _verdict       what an answer is worth
    _words         what a refusal is about
    _retries       rate limit and pauses
    _key           the API key
    _profiles      the versions of the API
"""

from brightcall_pandas.api._bounds import ANSWER_LIMIT, Timeout
from brightcall_pandas.api._failures import is_this_machine, is_usable
from brightcall_pandas.api._key import ApiKey, Hidden, hide_keys_in_logs, read_key
from brightcall_pandas.api._profiles import PROFILES, Profile, promised
from brightcall_pandas.api._retries import FIRST_PAUSE_S, RateLimit
from brightcall_pandas.api._session import ApiSession, Reply, unreadable
from brightcall_pandas.api._threads import Request, Task, WriteQueue, run_tasks
from brightcall_pandas.api._transport import Failure, Transport, request_to
from brightcall_pandas.api._verdict import Verdict, judge
from brightcall_pandas.api._workers import run_apart

__all__ = [
    "ANSWER_LIMIT",
    "FIRST_PAUSE_S",
    "PROFILES",
    "ApiKey",
    "ApiSession",
    "Failure",
    "Hidden",
    "Profile",
    "RateLimit",
    "Reply",
    "Request",
    "Task",
    "Timeout",
    "Transport",
    "Verdict",
    "WriteQueue",
    "hide_keys_in_logs",
    "is_this_machine",
    "is_usable",
    "judge",
    "promised",
    "read_key",
    "request_to",
    "run_apart",
    "run_tasks",
    "unreadable",
]
