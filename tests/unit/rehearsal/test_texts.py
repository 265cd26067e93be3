"""People read the product's texts as they leave, in both languages, with empty gaps too."""

import pytest

from server.rehearsal.texts import read
from server.sms import templates

OFFER = {
    "code": "231",
    "work": "Street light",
    "day": "Tue 13 Jan",
    "window": "10:00-12:00",
    "place": "12 Elm St, Boston",
    "until": "10:30",
}


@pytest.mark.parametrize("locale", templates.LOCALES)
@pytest.mark.parametrize("name", sorted(templates.texts("en")))
def test_every_text_of_the_product_is_recognised(name, locale):
    values = {gap: f"7{index}1" for index, gap in enumerate(sorted(templates.parameters_of(name)))}

    reading = read(templates.render(name, values, locale=locale, company="Truckroll"))

    assert reading.name == name
    assert all(reading.says[gap] == value for gap, value in values.items() if gap in {"code", "link", "ticket"})


@pytest.mark.parametrize("locale", templates.LOCALES)
def test_the_job_code_of_an_offer_is_read(locale):
    text = templates.render("offer.new", OFFER, locale=locale, company="Truckroll rehearsal")

    assert read(text).says["code"] == "231"


def test_a_text_of_somebody_else_says_nothing():
    assert read("Happy birthday!").name == ""
