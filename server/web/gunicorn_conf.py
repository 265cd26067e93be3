"""How gunicorn runs the web processes: `gunicorn -c python:server.web.gunicorn_conf "server.app:create_app()"`.

Two processes of eight threads each unless the command line says otherwise. No control socket; no access log
of its own (the application writes one line a request). Forwarded headers are believed by the application,
for the number of proxies in `TRUCKROLL_PROXY_HOPS`, and by nothing else.

Metrics: the processes write into one folder, and whichever of them gets the port of
`TRUCKROLL_METRICS_PORT` serves the sum of all on 127.0.0.1. If that one dies, its successor takes the port.
"""

import logging
import os
import shutil
import tempfile
from typing import Any

_OWN_FOLDER = None if "PROMETHEUS_MULTIPROC_DIR" in os.environ else tempfile.mkdtemp(prefix="truckroll-metrics-")
if _OWN_FOLDER is not None:
    os.environ["PROMETHEUS_MULTIPROC_DIR"] = _OWN_FOLDER

# The library decides when it is imported whether processes share their numbers: the folder comes first.
from prometheus_client import multiprocess  # noqa: E402

from server.core import collector  # noqa: E402
from server.config import from_environment  # noqa: E402
from server.web import logs, metrics  # noqa: E402

workers = 2
# Loaded once, before the processes part: a second start of the demo waits for one import instead of several.
preload_app = True
worker_class = "gthread"
threads = 8
timeout = 30
graceful_timeout = 5
keepalive = 5
control_socket_disable = True
accesslog = None
forwarded_allow_ips = ""
limit_request_line = 4094
limit_request_fields = 60
limit_request_field_size = 8190


def on_starting(_: Any) -> None:
    """Send gunicorn's own lines through the same form and mask as ours."""
    logs.configure()
    for name in ("gunicorn", "gunicorn.error"):
        logger = logging.getLogger(name)
        logger.handlers[:] = []
        logger.propagate = True


def post_worker_init(_: Any) -> None:
    """Try to be the one that serves the metrics of all; spare the collector what stays as long as the process."""
    collector.spare()
    port = from_environment().metrics_port
    if port:
        metrics.serve(port)


def worker_exit(_: Any, worker: Any) -> None:
    """End a process at once that has answered its last request.

    Taking the interpreter apart takes seconds on a busy machine, and the supervisor gives the whole product
    six. Nothing is left to do: requests are answered, connections and files are the system's to close. A
    process that never came up keeps its own exit code, by which the master gives up.
    """
    if worker.booted:
        logging.shutdown()
        os._exit(0)


def child_exit(_: Any, worker: Any) -> None:
    """Forget the gauges of a process that has ended."""
    multiprocess.mark_process_dead(worker.pid)  # type: ignore[no-untyped-call]


def on_exit(_: Any) -> None:
    """Remove the folder, if it was made here."""
    if _OWN_FOLDER is not None:
        shutil.rmtree(_OWN_FOLDER, ignore_errors=True)
