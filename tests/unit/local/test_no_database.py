"""A unit test cannot reach the database, whichever way it tries."""

import asyncio

import psycopg
import pytest
from sqlalchemy import create_engine


def test_a_connection_is_refused():
    with pytest.raises(pytest.fail.Exception, match="move it to tests/integration"):
        psycopg.connect("postgresql://localhost/truckroll")


def test_a_connection_of_an_event_loop_is_refused():
    with pytest.raises(pytest.fail.Exception, match="move it to tests/integration"):
        asyncio.run(psycopg.AsyncConnection.connect("postgresql://localhost/truckroll"))


def test_an_engine_is_refused():
    engine = create_engine("postgresql://localhost/truckroll")

    with pytest.raises(pytest.fail.Exception, match="move it to tests/integration"):
        engine.connect()
