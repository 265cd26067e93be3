"""How kernels are compiled: without the interpreter lock, kept on disk, or not at all where numba is missing."""

import hashlib
import os
import sys
from collections.abc import Callable, Iterable, Mapping
from functools import cache
from pathlib import Path
from typing import Any, TypeVar, cast

try:
    import llvmlite.binding
    import numba
except ImportError:  # an installation without the compiler still plans, see `routing.engine.plain`
    numba = None  # type: ignore[assignment]

AVAILABLE = numba is not None
"""Whether kernels can be compiled on this installation."""

F = TypeVar("F", bound=Callable[..., object])

_HERE = Path(__file__).parent
_COMPLETE = "complete"


@cache
def _digest() -> str:
    """Name the state of all kernels and of what they were compiled for.

    Numba by itself notices a changed file, but not a changed callee in another one; and it compiles anew for another
    place, time of change, release or processor, which none of its answers tells beforehand.
    """
    digest = hashlib.sha256()
    for source in sorted(_HERE.glob("*.py")):
        digest.update(f"{source} {source.stat().st_mtime_ns}".encode())
        digest.update(source.read_bytes())
    digest.update(f"{sys.version_info[:2]} {_compiler()}".encode())
    return digest.hexdigest()[:16]


def _compiler() -> str:
    if not AVAILABLE:
        return ""
    processor = f"{llvmlite.binding.get_host_cpu_name()} {llvmlite.binding.get_host_cpu_features().flatten()}"
    return f"{numba.__version__} {llvmlite.__version__} {processor}"


def is_kept() -> bool:
    """Return whether all kernels have been compiled for this state of theirs and can be loaded from disk."""
    return (_cache_folder() / _COMPLETE).exists()


def kept() -> None:
    """Note that all kernels have been compiled."""
    folder = _cache_folder()
    folder.mkdir(parents=True, exist_ok=True)
    (folder / _COMPLETE).touch()


def _cache_folder() -> Path:
    """Return where compiled code is kept: `$NUMBA_CACHE_DIR`, beside the kernels, or in the user's cache."""
    named = os.environ.get("NUMBA_CACHE_DIR")
    if named:
        return Path(named) / _digest()
    if os.access(_HERE, os.W_OK):
        return _HERE / "__pycache__" / _digest()
    home = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(home) / "truckroll" / _digest()


if AVAILABLE:
    numba.config.CACHE_DIR = str(_cache_folder())  # type: ignore[attr-defined]


def kernel(function: F) -> F:
    """Compile a function on its first call and keep the machine code on disk; leave it as it is without numba."""
    if not AVAILABLE:
        return function
    return cast("F", _once(numba.njit(cache=True, nogil=True, error_model="numpy")(function)))


def inlined(function: F) -> F:
    """Compile a small function that only other kernels call; it is not kept by itself."""
    if not AVAILABLE:
        return function
    return cast(
        "F",
        _once(numba.njit(nogil=True, error_model="numpy")(function)),
    )


def _once(dispatcher: Any) -> Any:
    """Let calls from other kernels share one compilation.

    By itself numba compiles a function, and all it calls, once more for each constant that it is called with and for
    each width of an integer: half of the time that compiling takes.
    """
    resolve = dispatcher.get_call_template

    def get_call_template(args: Iterable[Any], kws: Mapping[str, Any]) -> Any:
        return resolve([_wide(each) for each in args], {name: _wide(each) for name, each in kws.items()})

    dispatcher.get_call_template = get_call_template
    return dispatcher


def _wide(kind: Any) -> Any:
    """Return the type of an argument without its value, integers with 64 bits."""
    kind = getattr(kind, "literal_type", kind)
    return numba.types.int64 if kind in (numba.types.int32, numba.types.int16) else kind
