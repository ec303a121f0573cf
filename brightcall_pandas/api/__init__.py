"""One request to the server, and what came back.

::

    _session       asks, retries, keeps the answer
    _threads       many requests at once
    _transport     sends with the key, returns without it
    _verdict       what an answer is worth
    _retries       rate limit and pauses
    _key           the API key
    _profiles      the versions of the API
"""

from brightcall_pandas.api._desk import Desk, Question
from brightcall_pandas.api._key import ApiKey, hide_keys_in_logs
from brightcall_pandas.api._profiles import PROFILES, Profile
from brightcall_pandas.api._retries import RateLimit
from brightcall_pandas.api._session import ApiSession, Reply
from brightcall_pandas.api._talks import Talk, Ticket, hold
from brightcall_pandas.api._threads import Backlog
from brightcall_pandas.api._transport import ApiAdapter, Failure, is_this_machine, request_to
from brightcall_pandas.api._verdict import Verdict

__all__ = [
    "PROFILES",
    "ApiAdapter",
    "ApiKey",
    "ApiSession",
    "Backlog",
    "Desk",
    "Failure",
    "Profile",
    "Question",
    "RateLimit",
    "Reply",
    "Talk",
    "Ticket",
    "Verdict",
    "hide_keys_in_logs",
    "hold",
    "is_this_machine",
    "request_to",
]
