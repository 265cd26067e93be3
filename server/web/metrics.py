"""Prometheus metrics of the web processes, on a loopback port of their own.

gunicorn's processes write into the folder of `PROMETHEUS_MULTIPROC_DIR` (set in `gunicorn_conf.py` before
this module is imported); whichever of them holds the port serves the sum of all. One process alone, as in
tests, keeps its numbers in memory.
"""

import os
from threading import Thread
from wsgiref.simple_server import WSGIServer

from prometheus_client import REGISTRY, CollectorRegistry, Counter, Histogram, start_http_server
from prometheus_client.multiprocess import MultiProcessCollector

REQUESTS = Counter("truckroll_http_requests", "Requests answered", ("route", "method", "status"))
SECONDS = Histogram(
    "truckroll_http_request_seconds",
    "How long requests took",
    ("route", "method"),
    buckets=(0.005, 0.01, 0.02, 0.04, 0.06, 0.08, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0),
)


def observe(*, route: str, method: str, status: int, seconds: float) -> None:
    """Count a request; the route is a rule with placeholders, never an address."""
    REQUESTS.labels(route, method, str(status)).inc()
    SECONDS.labels(route, method).observe(seconds)


def registry() -> CollectorRegistry:
    """Return the numbers of all processes that share the folder, or of this one where there is none."""
    if "PROMETHEUS_MULTIPROC_DIR" not in os.environ:
        return REGISTRY
    together = CollectorRegistry()
    MultiProcessCollector(together)  # type: ignore[no-untyped-call]
    return together


def serve(port: int) -> tuple[WSGIServer, Thread] | None:
    """Serve the metrics on 127.0.0.1, or return None if a sister process does so already."""
    try:
        return start_http_server(port, addr="127.0.0.1", registry=registry())
    except OSError:
        return None
