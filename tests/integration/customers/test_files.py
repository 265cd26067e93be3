"""The customer file (R4): recognising callers, telephones, special sales, who may see it."""

from dataclasses import replace
from datetime import date

import pytest
from sqlalchemy.orm import Session

from server.customers import files, queries, special_sales
from server.customers.files import NewCustomer, NewSite, NewUnit
from server.organisation.access import EVERYTHING, Scope
from tests import builders as a
from tests.builders import NOON


def test_telephones_are_kept_in_international_form_and_once(session: Session) -> None:
    new = NewCustomer(name="Wu", phones=("138 0013 8000", "+8613800138000"))

    customer = files.open_file(session, new, now=NOON)

    found = queries.customer_file(session, customer_id=customer.id, scope=EVERYTHING)
    assert [phone.number for phone in found.phones] == ["+8613800138000"]


def test_an_external_customer_is_the_same_whatever_he_is_called(session: Session) -> None:
    first = files.open_file(session, NewCustomer(name="City", source="b311", external_id="1"), now=NOON)

    again = files.open_file(session, NewCustomer(name="City of B.", source="b311", external_id="1"), now=NOON)
    other = files.open_file(session, NewCustomer(name="City", source="other", external_id="1"), now=NOON)

    assert again is first
    assert other is not first


def test_what_the_file_did_not_know_of_a_unit_is_filled_in_and_what_it_knew_stays(session: Session) -> None:
    customer = a.a_customer(session)
    unit = a.a_unit(session, customer=customer, serial="S1", model="M1", purchased_on=None)

    new = NewUnit(category="boiler", serial="S1", model="M2", purchased_on=date(2026, 1, 1))
    known = files.known_unit(session, new, customer_id=customer.id, site_id=None)

    assert known is unit
    assert (unit.model, unit.purchased_on) == ("M1", date(2026, 1, 1))


def test_units_without_serial_are_told_apart_by_model(session: Session) -> None:
    customer = a.a_customer(session)
    site = a.a_site(session, customer=customer)
    whose = {"customer_id": customer.id, "site_id": site.id}
    first = files.make_unit(session, NewUnit(category="boiler", model="B-1"), customer=customer, site=site)

    def known(model: str | None) -> object:
        return files.known_unit(session, NewUnit(category="boiler", model=model), **whose)

    assert known("B-1") is first
    assert known(None) is first
    assert known("B-2") is None


def test_a_place_is_known_by_its_address_at_the_customer(session: Session) -> None:
    customer, region = a.a_customer(session), a.a_region(session)
    new = NewSite(address=" 1 Tea Market Lane ", region_id=region.id, time_zone=a.ZONE)

    first = files.make_site(session, new, customer=customer)

    assert first.address == "1 Tea Market Lane"
    assert files.known_site(session, new, customer_id=customer.id) is first
    assert files.known_site(session, new, customer_id=a.a_customer(session).id) is None


def test_a_place_keeps_the_time_of_its_region_unless_another_is_named(session: Session) -> None:
    customer, region = a.a_customer(session), a.a_region(session, time_zone="Asia/Urumqi")
    plain = NewSite(address="1 Pier", region_id=region.id)

    made = files.make_site(session, plain, customer=customer)
    named = files.make_site(session, replace(plain, address="2 Pier", time_zone="Asia/Tokyo"), customer=customer)

    assert (made.time_zone, named.time_zone) == ("Asia/Urumqi", "Asia/Tokyo")


def test_the_place_of_another_customer_is_refused(session: Session) -> None:
    site = a.a_site(session)

    with pytest.raises(files.NotHisSite):
        files.site_of(session, site.id, customer_id=a.a_customer(session).id)
    with pytest.raises(files.UnknownSite):
        files.site_of(session, 10**12, customer_id=site.customer_id)


def test_a_special_sale_is_listed_once(session: Session) -> None:
    special_sales.list_special_sale(session, serial="S9", kind="clearance")

    assert special_sales.is_special_sale(session, "S9")
    assert not special_sales.is_special_sale(session, "S8")
    assert not special_sales.is_special_sale(session, None)
    with pytest.raises(special_sales.AlreadyListed):
        special_sales.list_special_sale(session, serial="S9", kind="display")


def test_a_region_sees_customers_with_a_place_in_it_and_a_station_sees_no_files(session: Session) -> None:
    here, elsewhere = a.a_site(session), a.a_site(session)
    nowhere = a.a_customer(session)
    scope = Scope(region_id=here.region_id)

    assert [customer.id for customer in queries.customers(session, scope=scope)] == [here.customer_id, nowhere.id]
    with pytest.raises(files.UnknownCustomer):
        queries.customer_file(session, customer_id=elsewhere.customer_id, scope=scope)
    assert queries.customers(session, scope=Scope(station_id=a.a_station(session).id)) == []
    assert queries.customers(session, scope=Scope(technician_id=a.a_technician(session).id)) == []


def test_customers_are_found_by_name_telephone_and_serial_page_by_page(session: Session) -> None:
    customer = a.a_customer(session, name="Hu Min 胡敏", phone="+12005550160")
    unit = a.a_unit(session, customer=customer)
    other = a.a_customer(session, name="Hu Tao")

    def found(text: str, after: int = 0) -> list[int]:
        return [row.id for row in queries.customers(session, scope=EVERYTHING, text=text, after=after, limit=1)]

    assert found("hu min") == found("+12005550160") == found(unit.serial or "") == [customer.id]
    assert found("hu ", after=customer.id) == [other.id]
    assert found("胡") == []
