"""Kernels of the search, compiled by numba: they take arrays, hold no interpreter lock and know no Python object."""
