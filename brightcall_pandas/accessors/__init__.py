"""The accessor ``.calls``, of pandas frames and of dask frames."""
