"""From a range of days to its calls: what the cache has, what must be read, how it is cut, what is kept.

``query`` which calls, without the days · ``parts`` parts from pages, and their order ·
``shelf`` parts on disk · ``reading`` parts from the server · ``loading`` one load, from both.
"""

from brightcall_pandas.load._loading import Loading
from brightcall_pandas.load._parts import runs
from brightcall_pandas.load._query import known_zone, request_body

__all__ = ["Loading", "known_zone", "request_body", "runs"]
