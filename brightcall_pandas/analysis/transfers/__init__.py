"""Who hands calls to whom: chains, their variants, the parties, and the times of hand-overs.

A **chain** is the sequence of parties (agents, extensions, queues) that a call went through; the client is
no party unless asked for. A **hand-over** or **hop** is one step in it, so a chain of n parties has n − 1.

::

    elements  one element of a list      parsing    one text            texts     a column of texts
    clients   who is the client          reading    a frame -> ChainLog  log       all chains in one array
    chains    each call's chain          variants   ways that calls go  matrix    from whom to whom
    parties   what each party does       summaries  rates and costs     events    one by one, with times
    flow      stage by stage             masks      which calls         graph     for networkx
    order     the order of labels        meanings   the numbers' definitions
"""
