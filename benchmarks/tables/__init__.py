"""The tables of the catalogue written by hand, for `catalog.py`."""
