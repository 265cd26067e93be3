"""`python -m server` is `truckroll`."""

from server.cli import main

main(prog_name="truckroll")
