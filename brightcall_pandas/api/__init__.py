"""One request to the server, and what came back; and many at once.

::

    _session       asks, tries again, keeps what came
    _threads       many requests at once
    _transport     sends with the key, returns without it
    _verdict       what an answer is worth
    _retries       rate limit and pauses
    _key           the API key
    _profiles      the versions of the API
"""

from brightcall_pandas.api._key import ApiKey, hide_keys_in_logs
from brightcall_pandas.api._profiles import PROFILES, Profile, promised
from brightcall_pandas.api._retries import FIRST_PAUSE_S, RateLimit
from brightcall_pandas.api._session import ApiSession, Reply
from brightcall_pandas.api._threads import Request, Task, WriteQueue, run_tasks
from brightcall_pandas.api._transport import Failure, Transport, is_this_machine, request_to
from brightcall_pandas.api._verdict import Verdict, judge

__all__ = [
    "FIRST_PAUSE_S",
    "PROFILES",
    "ApiKey",
    "ApiSession",
    "Failure",
    "Profile",
    "RateLimit",
    "Reply",
    "Request",
    "Task",
    "Transport",
    "Verdict",
    "WriteQueue",
    "hide_keys_in_logs",
    "is_this_machine",
    "judge",
    "promised",
    "request_to",
    "run_tasks",
]
