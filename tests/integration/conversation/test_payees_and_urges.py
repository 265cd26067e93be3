"""What payees and technicians are told without having asked."""

from datetime import date

from sqlalchemy import select

from server.core.events import Actor, ActorKind, Via, record
from server.core.policies import Policy
from server.orders import desk
from server.organisation.models import Role, Staff
from server.settlement import closing
from server.settlement.models import Statement
from server.settlement.status import StatementEvent, StatementStatus
from server.sms import inbound
from tests.integration.conversation.world import DESK, World, at


def audited(world: World, **payee: int) -> tuple[Statement, Actor]:
    """An audited statement of February without lines, and its auditor."""
    auditor = world.add(
        Staff(login="auditor", name="Auditor", password_hash="-", roles=[Role.AUDITOR], created_at=at(0))
    )
    statement = Statement(
        region_id=world.region.id,
        month=date(2026, 2, 1),
        currency="CNY",
        status=StatementStatus.AUDITED,
        policy_id=world.session.scalar(select(Policy.id).where(Policy.name == "settlement")),
        created_at=at(7),
        audited_by=auditor.id,
        audited_at=at(8),
        **payee,
    )
    return world.add(statement), Actor(ActorKind.STAFF, auditor.id, Via.API)


def test_a_published_statement_reaches_a_station_at_its_own_telephone(world: World) -> None:
    statement, auditor = audited(world, station_id=world.station.id)

    closing.publish(world.session, statement_id=statement.id, by=auditor, now=at(9))

    (text,) = world.sent(world.station.phone)
    assert "your statement of Feb 2026 is 0.00 CNY." in text
    assert "until Sun 15 Mar" in text
    assert "Not paid" not in text


def test_a_technician_who_is_paid_himself_gets_sum_and_refused_lines_in_his_language(world: World) -> None:
    technician = world.technician("zh")
    statement, auditor = audited(world, technician_id=technician.id)
    details = {
        "amount": 123_450,
        "currency": "CNY",
        "station_id": None,
        "technician_id": technician.id,
        "month": "2026-02-01",
        "refused": 2,
        "appeals_until": at(9, day=5).isoformat(),
    }

    statement.published_at = statement.first_published_at = at(9)
    record(world.session, statement, StatementEvent.PUBLISH, by=auditor, now=at(9), details=details)

    (text,) = world.sent(technician.phone)
    assert "2026年2月的结算金额为1234.50 CNY" in text
    assert "未付2项" in text
    assert "3月15日" in text


def test_an_urge_reaches_the_technician_with_the_customers_number(world: World) -> None:
    technician, customer = world.technician(), world.customer()
    job = world.accepted(technician, customer=customer)

    desk.urge(world.session, ticket_id=job.ticket.id, text=None, by=DESK, now=at(9))

    answer = world.sent(technician.phone)[-1]
    assert "the customer asks again" in answer
    assert world.phone_of(customer) in answer


def test_an_urge_about_a_job_nobody_has_accepted_is_the_desks(world: World) -> None:
    job = world.job(world.technician())

    desk.urge(world.session, ticket_id=job.ticket.id, text=None, by=DESK, now=at(8, 1))

    assert world.templates_to(job.technician.phone) == ["offer.new"]


def test_an_offer_to_a_technician_who_has_opted_out_is_put_before_the_desk(world: World) -> None:
    technician = world.technician()
    inbound.suppress(world.session, technician.phone, source="sms", now=at(7))

    job = world.job(technician)

    (escalation,) = world.escalations("technician_opted_out")
    assert escalation.details == {"technician_id": technician.id, "offer_id": job.offer.id}
