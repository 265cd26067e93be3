"""From a technician's words about finished work to the claim of a completion card."""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from server.conversation import wording
from server.conversation.essentials import Charge, Essentials, UsedPart
from server.conversation.phrases import say
from server.orders.charging import CardClaim, ChargeClaim, PartClaim
from server.orders.models import Ticket
from server.orders.visit_models import ExtraWork, Visit
from server.orders.words import ChargeCategory, ChargeKind, PartSource, VisitResult
from server.parts.models import Part

_KINDS: tuple[tuple[ChargeKind, tuple[str, ...]], ...] = (
    (ChargeKind.LABOUR, ("labour", "labor", "work", "人工", "工费")),
    (ChargeKind.PART, ("part", "parts", "material", "配件", "材料")),
    (ChargeKind.CALL_OUT, ("call-out", "call out", "callout", "visit", "上门")),
)


def card_of(session: Session, visit: Visit, said: Essentials, *, now: datetime) -> CardClaim:
    """Return the claim: parts found in the catalogue by their number, charges tied to what the customer authorised."""
    return CardClaim(
        result=_result(said),
        work_done=said.work,
        diagnosis=said.diagnosis,
        started_at=min(visit.arrived_at or visit.starts_at, now),
        ended_at=now,
        removed_serial=said.removed_serial,
        fitted_serial=said.fitted_serial,
        signed_by=said.signed_by,
        parts=tuple(_part(session, part) for part in said.parts),
        charges=_charges(session, visit, said.charges),
    )


def _result(said: Essentials) -> VisitResult:
    if said.exchanged:
        return VisitResult.EXCHANGED
    if said.no_fault:
        return VisitResult.NO_FAULT
    sources = {part.source for part in said.parts}
    if PartSource.SELF_BOUGHT in sources:
        return VisitResult.DONE_SELF_BOUGHT_PART
    return VisitResult.DONE_COMPANY_PART if PartSource.COMPANY in sources else VisitResult.DONE_WITHOUT_PART


def _part(session: Session, part: UsedPart) -> PartClaim:
    known = session.scalar(select(Part).where(Part.number.in_({part.name, part.name.upper()})).limit(1))
    return PartClaim(
        name=known.name_en if known else part.name,
        quantity=part.quantity,
        source=part.source,
        price=part.price,
        number=known.number if known else None,
    )


def _charges(session: Session, visit: Visit, charges: tuple[Charge, ...]) -> tuple[ChargeClaim, ...]:
    """Tie each charge to an authorisation of the same sum; where work is not charged, to the only one that is left."""
    free = list(
        session.scalars(
            select(ExtraWork)
            .where(ExtraWork.visit_id == visit.id, ExtraWork.authorised.is_(True))
            .order_by(ExtraWork.id)
        )
    )
    charged_work = session.get_one(Ticket, visit.ticket_id).charge_category is ChargeCategory.A
    claims = []
    for charge in charges:
        extra = next((item for item in free if item.price == charge.price), None)
        if extra is None and not charged_work and len(free) == 1:
            extra = free[0]  # the final sum may differ from the authorised one: the rule judges by how much (R21)
        if extra is not None:
            free.remove(extra)
        text = charge.text or (extra.description if extra else "")
        claims.append(ChargeClaim(_kind(charge.text), text, charge.price, extra.id if extra else None))
    return tuple(claims)


def _kind(text: str) -> ChargeKind:
    lower = text.lower()
    named = next((kind for kind, words in _KINDS if lower.startswith(words)), None)
    return named or (ChargeKind.OTHER if text else ChargeKind.LABOUR)


def summary(card: CardClaim, *, locale: str) -> str:
    """Return what was recorded, so that the technician sees what the text was taken for."""
    lines = [say("summary.work", locale, work=card.work_done[:80])]
    if card.parts:
        parts = ", ".join(
            f"{part.number or part.name} x{part.quantity}" + (f" {wording.money(part.price)}" if part.price else "")
            for part in card.parts
        )
        lines.append(say("summary.parts", locale, parts=parts))
    if card.charges:
        lines.append(
            say("summary.charges", locale, charges=", ".join(wording.money(item.price) for item in card.charges))
        )
    if card.removed_serial or card.fitted_serial:
        lines.append(say("summary.serials", locale, old=card.removed_serial or "-", new=card.fitted_serial or "-"))
    return " ".join(lines)
