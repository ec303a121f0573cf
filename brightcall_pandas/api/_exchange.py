"""One request on a connection that is open already: sent at once, its answer taken as it comes.

Nobody waits here. Connecting, certificates and proxies are left to urllib3, in whose pool the connection
was and to which it goes back; what is read from it is for h11 to understand.
"""

from __future__ import annotations

import io
import queue
import ssl
import time
from typing import Any
from urllib.parse import urlsplit

import h11
import requests
import urllib3
from urllib3.connectionpool import HTTPConnectionPool

__all__ = ["Exchange", "begun"]

_PIECE = 2**18
_NOTHING_YET = (BlockingIOError, ssl.SSLWantReadError, ssl.SSLWantWriteError)


class Exchange:
    """A request that is under way, and what came of its answer. `begun` makes one.

    Parameters
    ----------
    pool, connection
        An open connection that nobody else uses, and the pool to which it belongs.
    request
        What is asked, without key.
    timeout
        Seconds to wait for each part of the answer.
    """

    def __init__(
        self, pool: HTTPConnectionPool, connection: Any, request: requests.PreparedRequest, timeout: float
    ) -> None:
        self.request = request
        self.timeout = timeout
        self.deadline = time.monotonic() + timeout
        self._pool, self._connection, self._socket = pool, connection, connection.sock
        self._patience = self._socket.gettimeout()
        self._http = h11.Connection(h11.CLIENT)
        self._head: h11.Response | None = None
        self._body: list[bytes] = []
        self._error: Exception | None = None
        self._socket.settimeout(0)

    def fileno(self) -> int:
        """Return the socket's number, by which it can be waited for."""
        number: int = self._socket.fileno()
        return number

    def send(self, keyed: requests.PreparedRequest) -> None:
        """Send the request, whose URL has the key by now."""
        headers = [("Host", urlsplit(keyed.url or "").netloc.rpartition("@")[2]), *keyed.headers.items()]
        head = h11.Request(method="POST", target=keyed.path_url, headers=headers)
        assert isinstance(keyed.body, bytes)
        events = (head, h11.Data(keyed.body), h11.EndOfMessage())
        self._socket.sendall(b"".join(self._http.send(each) or b"" for each in events))

    def receive(self) -> bool:
        """Take what has come; tell whether the answer is whole, or will never be."""
        try:
            while True:
                self._http.receive_data(self._socket.recv(_PIECE))
                if self._understood():
                    break
        except _NOTHING_YET:
            self.deadline = time.monotonic() + self.timeout
            return False
        except (OSError, h11.RemoteProtocolError) as error:
            self.drop(error)
            return True
        kept_open = self._http.their_state is h11.DONE and not self._http.trailing_data[0]
        self._release(kept_open)
        return True

    def drop(self, error: Exception | None = None) -> None:
        """Wait no longer: whatever still comes on this connection belongs to nothing."""
        self._error = error or TimeoutError()
        self._release(kept_open=False)

    def answer(self) -> urllib3.HTTPResponse:
        """Return the whole answer.

        Raises
        ------
        OSError, h11.RemoteProtocolError
            Why there is none.
        """
        if self._error is not None:
            raise self._error
        assert self._head is not None  # the answer is whole
        headers = [(name.decode("latin-1"), value.decode("latin-1")) for name, value in self._head.headers]
        return urllib3.HTTPResponse(
            io.BytesIO(b"".join(self._body)),
            headers=urllib3.HTTPHeaderDict(headers),
            status=self._head.status_code,
            preload_content=False,
        )

    def _understood(self) -> bool:
        while (event := self._http.next_event()) is not h11.NEED_DATA:
            if isinstance(event, h11.Response):
                self._head = event
            elif isinstance(event, h11.Data):
                self._body.append(event.data)
            elif isinstance(event, h11.EndOfMessage):
                return True
        return False

    def _release(self, kept_open: bool) -> None:
        connection, self._connection = self._connection, None
        if connection is None:  # Ctrl-C may come when it was just given back; twice would make it two's
            return
        if kept_open:
            self._socket.settimeout(self._patience)
        else:
            connection.close()  # urllib3 opens it again when it is used
        _put_back(self._pool, connection)


def begun(
    pool: HTTPConnectionPool,
    request: requests.PreparedRequest,
    keyed: requests.PreparedRequest,
    timeout: float,
) -> Exchange | None:
    """Send a request on an open connection of a pool that nobody uses; None where there is none.

    Parameters
    ----------
    pool
        Connections to the host.
    request, keyed
        What is asked, without the key and with it.
    timeout
        Seconds to wait for each part of the answer.
    """
    if (connection := _idle(pool)) is None:
        return None
    exchange = Exchange(pool, connection, request, timeout)
    try:
        exchange.send(keyed)
    except OSError as error:  # the server has just closed it
        exchange.drop(error)
        return None
    return exchange


def _idle(pool: HTTPConnectionPool) -> Any:
    try:
        connection = pool.pool.get(block=False)  # type: ignore[union-attr]
    except (queue.Empty, AttributeError):  # all are in use, or the pool was closed
        return None
    if connection is not None and connection.is_connected:
        return connection
    _put_back(pool, connection)  # a place for one that is yet to be opened, or opened anew
    return None


def _put_back(pool: HTTPConnectionPool, connection: Any) -> None:
    try:
        pool.pool.put(connection, block=False)  # type: ignore[union-attr]
    except (queue.Full, AttributeError):  # the pool was closed
        if connection is not None:
            connection.close()
