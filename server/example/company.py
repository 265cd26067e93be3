"""The invented company itself: regions, stations, staff, technicians, shifts, prices, parts."""

import random
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import product as every

from sqlalchemy import select
from sqlalchemy.orm import Session

from server.core.clock import local_day, local_instant
from server.core.money import Money
from server.core.places import Position
from server.customers.models import Zone
from server.example.reports import CENTRE, fictional_phone, person, place
from server.example.words import PARTS, PRODUCTS, SKILLS
from server.orders.words import ChargeCategory, VisitResult, WorkType
from server.organisation.models import Region, Role, Staff, Station
from server.parts.models import Part, PartPrice
from server.settlement.models import LabourPrice
from server.technicians.models import Shift, Skill, Technician, TechnicianSkill, Van

STAFF = (
    ("dispatcher", "Mei Lin 林梅", (Role.DISPATCHER,)),
    ("supervisor", "Jun Gao 高军", (Role.SUPERVISOR,)),
    ("station", "Hong Deng 邓红", (Role.STATION,)),
    ("clerk", "Lan Xie 谢兰", (Role.STATION_CLERK,)),
    ("parts", "Bo Han 韩波", (Role.PARTS_CLERK,)),
    ("technical", "Rui Tang 唐睿", (Role.TECHNICAL_SUPERVISOR,)),
    ("callback", "Xin Ma 马欣", (Role.CALLBACK_AGENT,)),
    ("auditor", "Ping Luo 罗平", (Role.AUDITOR,)),
    ("finance", "Yu Zheng 郑玉", (Role.FINANCE,)),
    ("cashier", "Lin Song 宋琳", (Role.FINANCE,)),
    ("admin", "Kai Feng 冯凯", (Role.ADMINISTRATOR,)),
)
"""Log-in, name, roles: one for each role; approving and paying takes two of finance (R41)."""

_SECOND_AGENT = ("callback_2", "Tao Qiu 邱涛", (Role.CALLBACK_AGENT,))

_PRICES = {
    VisitResult.DONE_WITHOUT_PART: 6_000,
    VisitResult.DONE_COMPANY_PART: 8_000,
    VisitResult.DONE_SELF_BOUGHT_PART: 8_000,
    VisitResult.NO_FAULT: 3_000,
    VisitResult.EXCHANGED: 5_000,
    VisitResult.CUSTOMER_ABSENT: 2_000,
    VisitResult.CUSTOMER_DECLINED: 2_000,
}
"""Labour of a repair in town by result, in minor units; what is not named is worth nothing."""


@dataclass(frozen=True, slots=True)
class Login:
    """Who can log in, shown once when the company is made."""

    login: str
    name: str
    role: Role
    password: str


@dataclass(frozen=True, slots=True)
class Shape:
    """How large the company is, where, and what it does.

    :param agents: who call customers; one or two.
    :param staffed: the share of technician-days that have a shift.
    :param skills: code, English and Chinese name of every skill.
    :param everybody: codes of the skills that every technician has besides his own two to four.
    :param categories: of products, each with a price list.
    :param work_types: that the price list knows.
    :param region: its name.
    :param detour: street distance over great-circle distance.
    :param leg_seconds: what every leg costs whatever its length.
    """

    time_zone: str = "Asia/Shanghai"
    stations: int = 2
    technicians: int = 12
    agents: int = 1
    days: int = 14
    staffed: float = 0.8
    centre: Position = CENTRE
    currency: str = "CNY"
    locale: str = "en"
    skills: tuple[tuple[str, str, str], ...] = SKILLS
    everybody: tuple[str, ...] = ()
    categories: tuple[str, ...] = tuple(product.category for product in PRODUCTS)
    work_types: tuple[WorkType, ...] = (WorkType.REPAIR, WorkType.INSTALLATION)
    region: str = "Riverside 滨江"
    detour: float = 1.4
    speed_kmh: float = 28.0
    leg_seconds: int = 120


def is_founded(session: Session) -> bool:
    """Return whether the database already has a company."""
    return session.scalar(select(Region.id).limit(1)) is not None


def found(
    session: Session,
    *,
    shape: Shape,
    seed: int,
    now: datetime,
    hash_password: Callable[[str], str],
    password: Callable[[], str],
) -> list[Login]:
    """Make the company and return its log-ins; their passwords are kept nowhere else.

    :param password: makes a new one at every call.
    """
    chance = random.Random(f"company/{seed}")
    region = Region(
        name=shape.region,
        time_zone=shape.time_zone,
        detour=shape.detour,
        speed_kmh=shape.speed_kmh,
        leg_seconds=shape.leg_seconds,
    )
    session.add(region)
    session.flush()
    stations = _stations(session, region, shape, chance)
    logins = _staff(session, stations[0], shape, now, (hash_password, password))
    skills = _skills(session, shape)
    today = local_day(now, shape.time_zone)
    for index in range(shape.technicians):
        technician = _technician(session, stations[index % len(stations)], index, shape, chance)
        _give_skills(session, technician, index, skills, shape, chance, today)
        _shifts(session, technician, shape, chance, today)
    _catalogue(session, shape, today)
    _labour_prices(session, shape, today)
    session.flush()
    return logins


def _stations(session: Session, region: Region, shape: Shape, chance: random.Random) -> list[Station]:
    names = ("Old Ferry Service 旧渡维修站", "North Gate Service 北门维修站", "Moon Lake Service 月湖维修站")
    made = []
    for index in range(shape.stations):
        name = names[index] if index < len(names) else f"Station {index + 1} 第{index + 1}维修站"
        station = Station(region_id=region.id, name=name, phone=fictional_phone(index), is_payee=True)
        station.position = _near(shape.centre, place(chance))
        session.add(station)
        made.append(station)
    session.flush()
    return made


def _near(centre: Position, drawn: Position) -> Position:
    """Move a place of the invented town to a town elsewhere."""
    return Position(round(centre.lat + drawn.lat - CENTRE.lat, 5), round(centre.lon + drawn.lon - CENTRE.lon, 5))


def _staff(
    session: Session,
    station: Station,
    shape: Shape,
    now: datetime,
    secrets: tuple[Callable[[str], str], Callable[[], str]],
) -> list[Login]:
    hash_password, password = secrets
    logins = []
    for login, name, roles in (*STAFF, _SECOND_AGENT) if shape.agents > 1 else STAFF:
        secret = password()
        at_station = bool({Role.STATION, Role.STATION_CLERK} & set(roles))
        session.add(
            Staff(
                login=login,
                name=name,
                password_hash=hash_password(secret),
                roles=[role.value for role in roles],
                station_id=station.id if at_station else None,
                region_id=None,
                locale=shape.locale,
                created_at=now,
            )
        )
        logins.append(Login(login, name, roles[0], secret))
    return logins


def _skills(session: Session, shape: Shape) -> dict[str, Skill]:
    made = {code: Skill(code=code, name_en=english, name_zh=chinese) for code, english, chinese in shape.skills}
    session.add_all(made.values())
    session.flush()
    return made


def _technician(session: Session, station: Station, index: int, shape: Shape, chance: random.Random) -> Technician:
    technician = Technician(
        station_id=station.id,
        name=person(chance),
        phone=fictional_phone(100 + index),
        locale="zh" if index % 2 else "en",
        fictional=True,
    )
    technician.position = _near(shape.centre, place(chance))
    session.add(technician)
    session.flush()
    session.add(Van(plate=f"TR-{1000 + index}", station_id=station.id, technician_id=technician.id))
    return technician


def _give_skills(
    session: Session,
    technician: Technician,
    index: int,
    skills: dict[str, Skill],
    shape: Shape,
    chance: random.Random,
    today: date,
) -> None:
    """Give two to four skills and what everybody can; taken over all technicians every skill is there several times."""
    codes = list(skills)
    own = [codes[(index + offset) % len(codes)] for offset in range(chance.randint(2, 4))]
    for code in dict.fromkeys((*own, *shape.everybody)):
        certificate = today + timedelta(days=chance.randint(90, 700)) if code == "gas_appliance" else None
        session.add(
            TechnicianSkill(
                technician_id=technician.id,
                skill_id=skills[code].id,
                level=chance.randint(2, 3),
                expires_on=certificate,
            )
        )


def _shifts(session: Session, technician: Technician, shape: Shape, chance: random.Random, today: date) -> None:
    for offset in range(shape.days):
        if chance.random() >= shape.staffed:
            continue
        day = today + timedelta(days=offset)
        session.add(
            Shift(
                technician_id=technician.id,
                starts_at=local_instant(day, 8, 0, shape.time_zone),
                ends_at=local_instant(day, 18, 0, shape.time_zone),
                break_from=local_instant(day, 11, 30, shape.time_zone),
                break_to=local_instant(day, 13, 0, shape.time_zone),
                break_seconds=1_800,
            )
        )


def _catalogue(session: Session, shape: Shape, today: date) -> None:
    for number, english, chinese, category, price in PARTS:
        part = Part(number=number, name_en=english, name_zh=chinese, category=category)
        session.add(part)
        session.flush()
        session.add(
            PartPrice(part_id=part.id, valid_from=date(today.year - 1, 1, 1), price=Money(price, shape.currency))
        )


def _labour_prices(session: Session, shape: Shape, today: date) -> None:
    """Fill the whole table: installation is worth half as much again, out of town a third more."""
    for category, work_type, zone, charge, (result, amount) in every(
        shape.categories, shape.work_types, Zone, ChargeCategory, _PRICES.items()
    ):
        price = amount * (3 if work_type is WorkType.INSTALLATION else 2) // 2
        price = price * (4 if zone is Zone.OUT_OF_TOWN else 3) // 3
        session.add(
            LabourPrice(
                product_category=category,
                work_type=work_type,
                zone=zone,
                charge_category=charge,
                result=result,
                valid_from=date(today.year - 1, 1, 1),
                valid_to=None,
                price=Money(price, shape.currency),
            )
        )
