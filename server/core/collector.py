"""Python's collector of reference cycles, told what kind of process this is."""

import gc

_YOUNG, _MIDDLE, _OLD = 20_000, 20, 20
"""After how many new objects it looks: the usual 700 come together in one request, and next to nothing is found."""


def spare() -> None:
    """Leave out of every collection what has been loaded by now, and collect less often.

    For processes that go on for long: what they import and set up lives as long as they do, and looking through it
    over and over costs a busy process several per cent.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(_YOUNG, _MIDDLE, _OLD)
