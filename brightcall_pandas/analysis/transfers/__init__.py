"""Who hands calls to whom: chains, their variants, the parties, and the times of hand-overs.

A **chain** is the sequence of parties (agents, extensions, queues) that a call went through; the client is
no party unless asked for. A **hand-over** or **hop** is one step in it, so a chain of n parties has n − 1.
``parsing`` reads one text, ``chains`` a whole frame; every other module counts on what they return.
"""
