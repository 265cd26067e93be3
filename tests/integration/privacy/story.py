"""One customer from report to statement, through the API and by text message, with a canary in every field."""

import io
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from flask import Flask
from sqlalchemy import select

from server.callbacks import sweeps as callback_sweeps
from server.conversation import reading
from server.core.db import Database
from server.organisation.models import Role
from server.settlement.models import Statement, StatementLine
from server.sms import inbound
from server.sms.models import InboundMessage, OutboxMessage
from server.sms.moving import move
from server.sms.status import MessageEvent, MessageStatus
from tests.api import bodies
from tests.api.asking import Person
from tests.api.cast import Company
from tests.api.things import HOUR
from tests.builders.clocks import StillClock
from tests.databases import MadeDatabase
from tests.integration.privacy.canaries import LAT, LON, PHONES, canary

DAY = 24 * HOUR
STARTS_AT = "2026-05-05T06:00:00Z"
FINISHED_AT = datetime.fromisoformat("2026-05-05T07:30:00+00:00")
JUNE = datetime.fromisoformat("2026-06-02T03:00:00+00:00")


@dataclass
class Story:
    """Who plays, and what came of it."""

    app: Flask
    company: Company
    database: Database
    clock: StillClock
    made: MadeDatabase
    log: io.StringIO
    ticket_id: int = 0
    customer_id: int = 0
    visit_id: int = 0
    callback: str = ""
    statement: str = ""
    line: str = ""
    answers: list[str] = field(default_factory=list)
    """What every refusal on the way said."""

    def person(self, role: Role | None) -> Person:
        return Person(self.app, self.company, role)

    @property
    def desk(self) -> Person:
        return self.person(Role.DISPATCHER)

    @property
    def supervisor(self) -> Person:
        return self.person(Role.SUPERVISOR)

    def tell(self) -> None:
        """Let it all happen."""
        self._report()
        self._correct()
        self._visit()
        self._texts()
        self._card()
        self._callback()
        self._statement()

    def say(self, person: Person, path: str, body: Any = None, *, status: tuple[int, ...] = (200, 201, 204)) -> Any:
        """Post something that must go well."""
        answer = person.post(path, body)
        assert answer.status_code in status, (path, answer.status_code, answer.text[:400])
        return answer.json if answer.is_json else None

    def refused(self, person: Person, path: str, body: Any) -> None:
        """Post something that must be refused, and keep what was said."""
        answer = person.post(path, body)
        assert answer.status_code >= 400, (path, answer.text[:300])
        self.answers.append(answer.text)

    def report(self, **changes: Any) -> dict[str, Any]:
        """Return a report with a canary in every field that takes words."""
        return {
            "customer": {"name": canary("name"), "phones": [PHONES[0]], "organisation": canary("organisation")},
            "site": {
                "address": canary("address"),
                "access": canary("access"),
                "external_id": canary("site-id"),
                "position": {"lat": LAT, "lon": LON},
                "position_trusted": True,
                "zone": "urban",
                "region_id": self.company.regions[0].id,
            },
            "equipment": {"category": "pump", "serial": "SN-771", "model": "PX"},
            "work_type": "patrol",
            "product_category": "pump",
            "charge_category": "B",
            "channel": "phone",
            "source": "partner",
            "external_id": "P-1",
            "description": canary("description"),
            "wish": canary("wish"),
            "contact_name": canary("contact"),
            "contact_phone": PHONES[1],
            **changes,
        }

    def _report(self) -> None:
        ticket = self.say(self.desk, "/api/v1/tickets", self.report())["ticket"]
        self.ticket_id, self.customer_id = ticket["id"], ticket["customer"]["id"]
        added = self.report(external_id="P-2", description=canary("second-report"))
        self.say(self.desk, "/api/v1/tickets", added)
        self.refused(self.desk, "/api/v1/tickets", self.report(contact_phone=canary("bad-phone"), external_id="P-3"))
        self.refused(self.desk, "/api/v1/tickets", self.report(**{canary("unknown-key"): canary("value")}))
        self.refused(self.desk, f"/api/v1/tickets/{self.ticket_id}/resumption", {"reason": canary("resumption")})

    def _correct(self) -> None:
        path = f"/api/v1/tickets/{self.ticket_id}"
        etag = self.desk.get(path).headers["ETag"]
        change = {
            "reason": canary("correction"),
            "description": canary("description-2"),
            "wish": canary("wish-2"),
            "contact_name": canary("contact-2"),
            "contact_phone": PHONES[2],
            "access": canary("access-2"),
            "customer_name": canary("name-2"),
        }
        assert self.desk.patch(path, change, etag=etag).status_code == 200
        stale = self.desk.patch(path, change, etag='"1"')
        assert stale.status_code == 412
        self.say(self.desk, f"{path}/urges", {"text": canary("urge")})
        hindrance = self.say(
            self.desk, f"{path}/hindrances", {"reason": "other", "text": canary("hindrance"), "until": "2026-05-12"}
        )
        self.say(self.supervisor, f"/api/v1/hindrances/{hindrance['id']}/falsehood", {"evidence": canary("evidence")})

    def _visit(self) -> None:
        place = {"technician_id": self.company.technicians[0].id, "starts_at": STARTS_AT}
        visit = self.say(self.desk, f"/api/v1/tickets/{self.ticket_id}/visits", place)
        self.visit_id = visit["id"]
        (offer,) = self.desk.get("/api/v1/offers", status="open").json["items"]
        self.say(self.desk, f"/api/v1/offers/{offer['id']}/acceptance")
        self.clock.at = FINISHED_AT - 2 * HOUR
        path = f"/api/v1/visits/{self.visit_id}"
        self.say(self.desk, f"{path}/contact")
        self.say(self.desk, f"{path}/departure")
        self.say(self.desk, f"{path}/check-in", {"position": {"lat": LAT, "lon": LON}, "accuracy_metres": 9})
        extra = self.say(self.desk, f"{path}/extra-work", {"description": canary("extra"), "price": bodies.MONEY})
        self.say(self.desk, f"{path}/extra-work/{extra['id']}/answer", {"authorised": True})

    def _texts(self) -> None:
        """Let him write what nobody understands, and somebody read it."""
        now = self.clock.at
        with self.database.transaction() as session:
            for number, phone in enumerate(PHONES):
                inbound.take_in(
                    session,
                    provider="twilio",
                    provider_id=f"SM{number}",
                    phone=phone,
                    body=f"{canary('text')} {number} about my dog",
                    now=now,
                )
        with self.database.transaction() as session:
            unread = session.scalars(select(InboundMessage.id).where(InboundMessage.handled_at.is_(None))).all()
        for inbound_id in unread:
            with self.database.transaction() as session:
                reading.read(session, inbound_id=inbound_id, now=now)
        for waiting in self.desk.get("/api/v1/readings").json["items"]:
            if canary("text") in waiting["body"]:
                self.say(self.desk, f"/api/v1/readings/{waiting['id']}/settlement", {"remark": canary("remark")})

    def _card(self) -> None:
        self.clock.at = FINISHED_AT
        card = self.say(
            self.desk,
            f"/api/v1/visits/{self.visit_id}/completion",
            {
                "result": "done_without_part",
                "diagnosis": canary("diagnosis"),
                "work_done": canary("work"),
                "signed_by": canary("signature"),
                "started_at": "2026-05-05T06:00:00Z",
                "ended_at": "2026-05-05T07:00:00Z",
                "charges": [{"kind": "other", "text": canary("charge"), "price": {"amount": 0, "currency": "CNY"}}],
            },
        )
        clerk = self.person(Role.STATION_CLERK)
        self.say(clerk, f"/api/v1/cards/{card['id']}/receipt")
        self.say(clerk, f"/api/v1/cards/{card['id']}/return", {"reason": canary("return")})
        self.say(clerk, f"/api/v1/cards/{card['id']}/receipt")

    def _callback(self) -> None:
        self.clock.move(DAY)
        with self.database.transaction() as session:
            for sweep in callback_sweeps.SWEEPS:
                sweep.deal_with(session, self.clock.at)
        shown = self.desk.get(f"/api/v1/tickets/{self.ticket_id}").json
        self.callback = f"/api/v1/callbacks/{shown['callbacks'][0]['id']}"
        agent = self.person(Role.CALLBACK_AGENT)
        wrong = {"reached": True, "answers": {"came": False, "words": canary("denied")}, "verdict": "pass"}
        self.refused(agent, f"{self.callback}/attempts", wrong)
        right = {
            "reached": True,
            "answers": {"came": True, "done": True, "satisfied": 4, "words": canary("words"), "came_on": "2026-05-04"},
            "verdict": "pass",
        }
        self.say(agent, f"{self.callback}/attempts", right)
        with self.database.transaction() as session:
            for message in session.scalars(select(OutboxMessage).where(OutboxMessage.ticket_id == self.ticket_id)):
                if message.status is MessageStatus.WAITING:
                    message.provider, message.provider_id = "twilio", f"out-{message.id}"
                    message.ended_at = self.clock.at
                    move(session, message, MessageEvent.DELIVER, now=self.clock.at, reason=None)

    def _statement(self) -> None:
        self.clock.at = JUNE
        auditor = self.person(Role.AUDITOR)
        self.say(auditor, "/api/v1/statements", {"month": "2026-05-01"})
        with self.database.transaction() as session:
            line, statement = session.execute(
                select(StatementLine.id, Statement.id)
                .join(Statement, Statement.id == StatementLine.statement_id)
                .where(StatementLine.visit_id == self.visit_id)
            ).one()
        self.statement = f"/api/v1/statements/{statement}"
        self.line = f"{self.statement}/lines/{line}"

    def hold_the_line(self) -> None:
        """Let the auditor hold it with words, publish it so, and the technician object with words."""
        auditor = self.person(Role.AUDITOR)
        held = {"verdict": "hold", "reasons": ["card_not_received"], "remark": canary("remark-of-audit")}
        self.say(auditor, f"{self.line}/verdict", held)
        for deduction in auditor.get(self.line).json["deductions"]:
            self.say(auditor, f"/api/v1/deductions/{deduction['id']}/waiver", {"reason": canary("waiver")})
        self.say(auditor, f"{self.statement}/audit")
        self.say(auditor, f"{self.statement}/publication")
        line_id = int(self.line.rsplit("/", 1)[1])
        payee, his = self.person(None), self.statement.replace("/api/v1/", "/mobile/v1/")
        appeal = self.say(payee, f"{his}/appeals", {"text": canary("appeal"), "line_id": line_id})
        answered = {"accepted": False, "answer": canary("answer-to-appeal")}
        self.say(self.supervisor, f"/api/v1/appeals/{appeal['id']}/answer", answered)

    def export(self) -> str:
        """Return the statement as CSV."""
        return str(self.person(Role.AUDITOR).get(f"{self.statement}/export.csv").text)

    def wait(self, much: timedelta) -> None:
        self.clock.move(much)

    def erase(self, reason: str = "He asked for it in writing, letter 7/2026") -> Any:
        """Erase the customer, and return the answer."""
        path = f"/api/v1/customers/{self.customer_id}/erasure"
        return self.person(Role.ADMINISTRATOR).post(path, {"reason": reason})
