"""Who changes something says which version of it he has seen."""

from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from server.organisation.models import Role
from tests.api.world import Company

_NEW = {"name": "North of the river", "time_zone": "Asia/Shanghai"}


def _put(client: FlaskClient, company: Company, **headers: str) -> Any:
    path = f"/api/v1/regions/{company.regions[0].id}"
    return client.put(path, json=_NEW, headers=company.caller(Role.ADMINISTRATOR).headers | headers)


def test_a_change_without_a_version_is_refused(client: FlaskClient, company: Company) -> None:
    answer = _put(client, company)

    assert (answer.status_code, answer.json["code"]) == (428, "version.needed")


@pytest.mark.parametrize("tag", ["1", "*", '"1", "2"', 'W/"1"', '"one"', '""', '"99999999999"', '"4294967296"'])
def test_a_version_is_one_etag_as_it_was_read(client: FlaskClient, company: Company, tag: str) -> None:
    answer = _put(client, company, **{"If-Match": tag})

    assert (answer.status_code, answer.json["code"]) == (400, "version.bad")


def test_a_change_of_the_version_that_was_read_gives_the_next_one(client: FlaskClient, company: Company) -> None:
    caller = company.caller(Role.AUDITOR)
    tag = client.get(f"/api/v1/regions/{company.regions[0].id}", headers=caller.headers).headers["ETag"]

    answer = _put(client, company, **{"If-Match": tag})

    assert (answer.status_code, answer.json["version"], answer.headers["ETag"]) == (200, 2, '"2"')


def test_a_change_of_an_older_version_shows_what_it_is_now(
    client: FlaskClient, company: Company, session: Session
) -> None:
    company.regions[0].name = "Renamed meanwhile"
    session.commit()

    answer = _put(client, company, **{"If-Match": '"1"'})

    assert (answer.status_code, answer.json["code"], answer.headers["ETag"]) == (412, "version.outdated", '"2"')
    assert answer.json["current"]["name"] == "Renamed meanwhile"
