"""Talking to the API: the cached session, and the proof that a read is complete.

``profiles`` where the endpoints are · ``secrets`` the key · ``transport`` the network · ``verdict`` what an
answer is worth · ``limits`` how fast · ``entry``, ``page_cache`` answers on disk · ``session`` one request ·
``coverage``, ``pages`` every row of a window.
"""
