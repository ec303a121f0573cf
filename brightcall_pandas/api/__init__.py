"""Talking to the API: the cached session, and the proof that a read is complete.

``profiles`` where the endpoints are · ``secrets`` the key · ``transport``, ``exchange`` the network ·
``verdict`` what an answer is worth · ``limits`` how fast · ``entry``, ``page_cache`` answers on disk ·
``session`` one request · ``desk``, ``talks`` many at once · ``workers`` threads · ``coverage``, ``pages``,
``reader`` every row of a window.
"""
