"""Reports that customers of the invented company make, from a seed."""

import random
from dataclasses import dataclass
from datetime import date, timedelta

from server.core.places import Position
from server.example.words import FAMILY_NAMES, GIVEN_NAMES, PRODUCTS, STREETS, Product

CENTRE = Position(30.2700, 120.1600)
"""Around which the invented town lies."""
_REACH_DEGREES = 0.055


@dataclass(frozen=True, slots=True)
class ExampleReport:
    """One report: who, where, what, at which minute of the local day.

    :param after_midnight: when it is made.
    :param installation: a new unit to be installed rather than one to be repaired.
    :param located: whether its position can be trusted; if not, a dispatcher must find the place.
    """

    name: str
    phone: str
    address: str
    position: Position
    located: bool
    product: Product
    model: str
    serial: str
    purchased_on: date
    installation: bool
    text: str
    takes: timedelta
    after_midnight: timedelta
    chinese: bool


def fictional_phone(number: int) -> str:
    """Return the n-th telephone of the range that North America reserves for fiction (555-0100 to 555-0199).

    The first ten of each area code are left out: the local provider gives some of them failures of their own.

    :param number: 0 to 71,999: ninety in each area code from 200 on.
    """
    return f"+1{200 + number // 90}55501{10 + number % 90}"


def person(chance: random.Random) -> str:
    """Return a name, in Latin and Chinese letters."""
    family, given = chance.choice(FAMILY_NAMES).split(), chance.choice(GIVEN_NAMES).split()
    return f"{given[0]} {family[0]} {family[1]}{given[1]}"


def place(chance: random.Random) -> Position:
    """Return a position in the town, denser towards the centre."""
    lat = CENTRE.lat + max(-2.0, min(2.0, chance.gauss(0, 0.6))) * _REACH_DEGREES
    lon = CENTRE.lon + max(-2.0, min(2.0, chance.gauss(0, 0.7))) * _REACH_DEGREES
    return Position(round(lat, 5), round(lon, 5))


def reports(*, seed: int, day: date, count: int, first_phone: int = 2_000) -> tuple[ExampleReport, ...]:
    """Return the reports of a day, in the order they are made; the same seed and day give the same reports.

    Half are made between 8 and 13 o'clock, as real ones are.

    :param first_phone: which fictional telephones the customers have.
    """
    chance = random.Random(f"{seed}/{day.isoformat()}")
    made = [_report(chance, day, fictional_phone(first_phone + index)) for index in range(count)]
    return tuple(sorted(made, key=lambda report: (report.after_midnight, report.phone)))


def _address(chance: random.Random) -> str:
    return f"{chance.randint(1, 280)} {chance.choice(STREETS)}, {chance.randint(1, 18)}-{chance.randint(101, 2604)}"


def _report(chance: random.Random, day: date, phone: str) -> ExampleReport:
    product = chance.choices(PRODUCTS, weights=(35, 20, 20, 12, 13))[0]
    installation = chance.random() < 0.2
    fault = chance.choice(product.faults)
    age = timedelta(days=chance.randint(0, 5) if installation else chance.randint(20, 2_200))
    model = chance.choice(product.models)
    hour = chance.choices(range(7, 20), weights=(4, 12, 12, 11, 9, 6, 6, 7, 7, 6, 5, 3, 2))[0]
    return ExampleReport(
        name=person(chance),
        phone=phone,
        address=_address(chance),
        position=place(chance),
        located=chance.random() > 0.03,
        product=product,
        model=model,
        serial=f"{model}-{chance.randrange(10**8):08d}",
        purchased_on=day - age,
        installation=installation,
        text=f"Install a new {model} 安装新机" if installation else fault.text,
        takes=product.install if installation else fault.takes,
        after_midnight=timedelta(hours=hour, minutes=chance.randrange(60)),
        chinese=chance.random() < 0.5,
    )
