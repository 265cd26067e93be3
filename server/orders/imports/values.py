"""The rows of our tables that one row of a file becomes: by the same rules as a report at the desk."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from server.core.db import Json
from server.core.events import Actor
from server.orders import judging, rules
from server.orders.imports.fields import TicketFields
from server.orders.imports.mapping import Mapping
from server.orders.status import TICKET, TicketEvent, TicketStatus


@dataclass(frozen=True, slots=True)
class Values:
    """Turns fields into columns, with the terms in force."""

    mapping: Mapping
    region_id: int
    terms: judging.Policies
    by: Actor
    now: datetime

    def ticket(self, each: TicketFields, customer: int, site: int | None) -> dict[str, Any]:
        """Return the ticket that a row opens."""
        mapping, kind, clocks = self.mapping, each.kind, self.terms.clocks
        missing = self._missing(each)
        judged = self._judged(each)
        limit = rules.time_limit(clocks, work_type=kind.work_type, zone=str(mapping.zone) if each.place else None)
        due = rules.due_time(complete_at=each.opened_at, limit=limit, partner_deadline=each.deadline_at)
        return {
            "status": _status(each, missing),
            "channel": each.channel,
            "profile": mapping.profile,
            "source": mapping.source,
            "external_id": each.external_id,
            "work_type": kind.work_type,
            "product_category": kind.product_category,
            "charge_category": rules.charge_category(judged, stated=mapping.charge_category, profile=mapping.profile),
            "priority": kind.priority,
            "customer_id": customer,
            "site_id": site,
            "region_id": self.region_id,
            "contact_name": each.contact_name,
            "contact_phone": each.contact_phone,
            "description": each.description,
            "skill": kind.skill,
            "skill_level": kind.skill_level,
            "duration": kind.duration,
            "missing": missing,
            "read_on_site": [],
            "new_fault": False,
            "warranty": judged.verdict,
            "opened_at": each.opened_at,
            "facts_complete_at": None if missing else each.opened_at,
            "due_at": None if missing else due,
            "partner_deadline_at": each.deadline_at,
            "closed_at": each.closed_at,
            "policy_id": self.terms.clocks_id,
        }

    def _missing(self, each: TicketFields) -> list[str]:
        mapping = self.mapping
        required = rules.required_facts(
            self.terms.intake,
            work_type=each.kind.work_type,
            charge_category=mapping.charge_category,
            profile=mapping.profile,
        )
        given = {
            "customer_name": each.customer.name,
            "address": each.place and each.place.address,
            "contact_name": each.contact_name,
            "contact_phone": each.contact_phone,
            "description": each.description,
        }
        return list(rules.missing_facts(required, given=given))

    def _judged(self, each: TicketFields) -> rules.Coverage:
        """Judge the warranty: a row names no unit, so that of a sold product stays undetermined."""
        if not rules.concerns_warranty(work_type=each.kind.work_type, profile=self.mapping.profile):
            return rules.NOT_APPLICABLE
        return rules.judge_warranty(
            None,
            on=each.opened_at.date(),
            special_sale=False,
            guarantee_until=None,
            read_on_site=(),
            terms=self.terms.intake,
        )

    def report(self, each: TicketFields, ticket: int) -> dict[str, Any]:
        """Return the report that a row is."""
        return {
            "ticket_id": ticket,
            "channel": each.channel,
            "source": self.mapping.source,
            "external_id": each.external_id,
            "text": each.description,
            "reported_at": each.opened_at,
            "received_at": self.now,
        }

    def history(self, each: TicketFields, ticket: int, *, opens: bool) -> Iterator[dict[str, Any]]:
        """Yield the events that the desk's own intake would have left, and the end that the file tells of."""
        if not opens:
            yield self._event(ticket, "fact_added", None, None, {"external_id": each.external_id})
            return
        status = TICKET.start
        yield self._event(ticket, "register", status, status, {})
        if not self._missing(each):
            after = TICKET.follows(status, TicketEvent.COMPLETE_FACTS)
            yield self._event(ticket, TicketEvent.COMPLETE_FACTS, status, after, {})
            status = after
        if each.closed_at is not None:
            after = TICKET.follows(status, TicketEvent.CLOSE_ELSEWHERE)
            yield self._event(
                ticket, TicketEvent.CLOSE_ELSEWHERE, status, after, {"closed_at": each.closed_at.isoformat()}
            )

    def _event(self, ticket: int, kind: str, before: str | None, after: str | None, details: Json) -> dict[str, Any]:
        by = self.by
        return {
            "kind": f"{TICKET.name}.{kind}",
            "subject": TICKET.name,
            "subject_id": ticket,
            "ticket_id": ticket,
            "at": self.now,
            "actor_kind": by.kind,
            "actor_id": by.id,
            "via": by.via,
            "before": before,
            "after": after,
            "reason": None,
            "details": details,
        }


def _status(each: TicketFields, missing: list[str]) -> TicketStatus:
    if each.closed_at is not None:
        return TicketStatus.CLOSED
    return TicketStatus.INCOMPLETE if missing else TicketStatus.READY
