"""The part catalogue and its list prices."""

from datetime import date, timedelta

import pytest
from sqlalchemy.orm import Session

from server.parts import catalogue
from tests import builders as a

FIRST = date(2026, 1, 1)


def test_the_price_of_the_day_of_fitting_counts(session: Session) -> None:
    part = a.a_part(session)
    catalogue.set_price(session, part_id=part.id, price=a.yuan(30), valid_from=FIRST)
    catalogue.set_price(session, part_id=part.id, price=a.yuan(35), valid_from=date(2026, 7, 1))

    def price(day: date) -> object:
        return catalogue.price_on(session, part_id=part.id, day=day)

    assert price(FIRST - timedelta(days=1)) is None
    assert price(FIRST) == price(date(2026, 6, 30)) == a.yuan(30)
    assert price(date(2026, 7, 1)) == price(date(2027, 1, 1)) == a.yuan(35)


def test_a_price_set_again_for_a_day_replaces_the_first(session: Session) -> None:
    part = a.a_part(session)
    catalogue.set_price(session, part_id=part.id, price=a.yuan(30), valid_from=FIRST)

    catalogue.set_price(session, part_id=part.id, price=a.yuan(31), valid_from=FIRST)

    assert catalogue.price_on(session, part_id=part.id, day=FIRST) == a.yuan(31)


def test_a_number_is_given_once(session: Session) -> None:
    catalogue.add(session, number="C-1", name_en="Capacitor", name_zh="电容")

    with pytest.raises(catalogue.PartKnown):
        catalogue.add(session, number="C-1", name_en="Coil", name_zh="线圈")
    with pytest.raises(catalogue.NoSuchPart):
        catalogue.find(session, "C-2")
    assert catalogue.find(session, "C-1").name_zh == "电容"


def test_parts_are_searched_by_number_and_name_and_paged_by_number(session: Session) -> None:
    for number, english, chinese in (("A-1", "Fan", "风扇"), ("A-2", "Belt", "皮带"), ("B-1", "Fan belt", "风扇皮带")):
        catalogue.add(session, number=number, name_en=english, name_zh=chinese)

    def found(text: str, after: str = "", limit: int = 9) -> list[str]:
        return [part.number for part in catalogue.search(session, text=text, after=after, limit=limit)]

    assert found("") == ["A-1", "A-2", "B-1"]
    assert found("a-") == ["A-1", "A-2"]
    assert found("belt") == found("皮带") == ["A-2", "B-1"]
    assert found("", after="A-1", limit=1) == ["A-2"]
    assert found("%") == []
