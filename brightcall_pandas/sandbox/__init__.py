"""A Brightcall API on this machine: made-up calls with a known truth, behind real HTTP.

::

    account     who works in the made-up account, on which lines, with which words
    draw        random draws in whole numbers          calendar    when calls happen
    generate    the calls, column by column            chains      who handed them to whom
    records     drawn codes -> the 45 typed columns    truth       what is true of them
    table       DuckDB: find, order, change            render      rows as JSON text
    statistics  the statistics answer                  answers     the endpoints, without HTTP
    service     HTTP                                   control     commands for tests
    faults      what can go wrong, and when            breakage    answers that are none
    tamper      answers that look right and are not    changes     rows that come, change and go
    server      the process, from inside               process     and from outside
    launch      starting it

It needs the extra ``sandbox``: ``pip install "brightcall-pandas[sandbox]"``.
"""

from brightcall_pandas.sandbox._launch import MISSING, serve, start_sandbox
from brightcall_pandas.sandbox._process import Sandbox, SandboxError

__all__ = [
    "MISSING",
    "Sandbox",
    "SandboxError",
    "serve",
    "start_sandbox",
]
