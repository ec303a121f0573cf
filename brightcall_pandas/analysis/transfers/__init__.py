"""Transfers: the chains of parties, the ways that calls go, and the times of transfers.

A **chain** is the sequence of parties (agents, extensions, queues) that a call went through; the client is
not a party unless asked for. A **transfer** or **hop** is one step in it, so a chain of n parties has n − 1.

::

    _parsing       the texts of a column → parties
    _log           a frame → all its chains in one array (`ChainLog`)
    _chains        the chain of each call; which calls went a certain way
    _tables        variants, summary, parties
    _matrix        from party to party: matrix, flow, graph
    _events        transfers one by one, with their times
    _definitions   what the numbers mean
"""
