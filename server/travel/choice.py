"""Which travel times an installation has: a routing server, a ready matrix, or each region's model alone."""

from pathlib import Path

from server.config import BadSettings, Settings
from server.travel.osrm import OsrmSource
from server.travel.sources import BadMatrix, Source, from_file


def source_of(settings: Settings) -> Source | None:
    """Return the source of travel times that the settings name; None where each region's model is all there is.

    A routing server is not asked here: one that is away for an hour must not keep the worker from starting.
    A matrix ``NAME.npz`` has the list of its sites beside it, ``NAME_sites.csv``; both are read once, now.

    :raises BadSettings: if the matrix cannot be used, with the reason and the file.
    """
    if settings.osrm_url:
        return OsrmSource(settings.osrm_url)
    if not settings.travel_matrix:
        return None
    matrix = Path(settings.travel_matrix)
    sites = matrix.with_name(f"{matrix.stem}_sites.csv")
    try:
        return from_file(matrix, sites=sites)
    except OSError as absent:
        raise _unusable(f"{absent.filename or matrix} cannot be read ({absent.strerror or absent})") from absent
    except UnicodeDecodeError as wrong:
        raise _unusable(f"{sites} is not UTF-8") from wrong
    except BadMatrix as wrong:
        raise _unusable(f"{matrix} with {sites.name}: {wrong}") from wrong


def _unusable(reason: str) -> BadSettings:
    return BadSettings(f"TRUCKROLL_TRAVEL_MATRIX cannot be used: {reason}.")
