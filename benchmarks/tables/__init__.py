"""The tables of the catalogue written by hand, for `catalogue.py`."""
