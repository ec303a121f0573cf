"""A Brightcall API on this machine: made-up calls with a known truth, behind real HTTP.

::

    _account     the made-up account: users, lines, projects, outcomes, tags
    _effects     what a world can plant, as data
    _worlds      the worlds that have names
    _draw        random columns in whole numbers, and the calendar
    _planted     effects on the days of a sandbox, and what they add to calls
    _schedule    when calls are planned, who is at work, one call at a time
    _clients     who is called and who calls
    _conversations  answered or not, for how long, handed over to whom
    _generate    the calls, as columns of codes
    _records     codes → the 45 typed columns
    _truth       what is true of the calls
    _truth_effects  what was planted, in numbers
    _table       the calls in DuckDB: find, order, render as JSON
    _changes     changes to them, and which were there meanwhile
    _late        what happens to calls later, by itself
    _numbers     how clients' numbers are written
    _behavior    what the article leaves open, aspect by aspect
    _personas    servers that decide it differently, by name
    _answers     the endpoints, statistics included, without HTTP
    _faults      what can go wrong, and when; answers that are tampered with
    _server      HTTP, commands for tests, answers that break
    _process     starting all that in a process, and controlling it from outside

It needs the extra ``sandbox``: ``pip install ".[sandbox]"`` in a clone.
"""

from brightcall_pandas.sandbox._effects import Effect, World
from brightcall_pandas.sandbox._personas import PERSONAS, Persona
from brightcall_pandas.sandbox._process import Sandbox, SandboxError, serve, start_sandbox
from brightcall_pandas.sandbox._worlds import WORLDS, Worlds, world_from_text, worlds

__all__ = [
    "PERSONAS",
    "WORLDS",
    "Effect",
    "Persona",
    "Sandbox",
    "SandboxError",
    "World",
    "Worlds",
    "serve",
    "start_sandbox",
    "world_from_text",
    "worlds",
]
