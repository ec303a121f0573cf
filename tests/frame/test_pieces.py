"""Work in pieces, done at once."""

from __future__ import annotations

import pytest

from brightcall_pandas.frame._pieces import whole


def work(pieces, seen, error=None):
    for piece in range(pieces):
        seen.append(piece)
        yield
    if error is not None:
        raise error
    return "done"


@pytest.mark.parametrize("pieces", [0, 1, 3])
def test_all_pieces_are_done_and_the_result_is_returned(pieces):
    seen = []
    assert whole(work(pieces, seen)) == "done"
    assert seen == list(range(pieces))


def test_what_it_raises_is_raised():
    with pytest.raises(LookupError, match="mine"):
        whole(work(2, [], LookupError("mine")))
