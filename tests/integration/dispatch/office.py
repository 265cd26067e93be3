"""An office with a database of its own, in which the solver's job really commits."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from server.core.db import Database
from server.core.events import SYSTEM
from server.dispatch import plans
from server.dispatch.engine import Limits
from server.dispatch.models import Plan, PlanOmission, PlanStop
from server.travel.sources import Source
from tests.builders.clocks import StillClock
from tests.integration.dispatch.world import World, a_plan_request, at

SIX = at(6)


@dataclass
class Office:
    """A database of its own, in which the solver's job really commits."""

    database: Database
    clock: StillClock

    def inside(self, work: Callable[[World], Any]) -> Any:
        with self.database.transaction() as session:
            return work(self.world(session))

    def world(self, session: Session) -> World:
        world = World.__new__(World)
        world.__dict__.update(self._known)
        world.session = session
        return world

    def __post_init__(self) -> None:
        with self.database.transaction() as session:
            world = World(session)
            self._known = dict(world.__dict__)

    def plan(self, **more: Any) -> int:
        return self.inside(lambda world: plans.request(world.session, **a_plan_request(world, **more)).id)

    def solve(self, plan_id: int, limits: Limits | None = None, source: Source | None = None) -> None:
        plans.solve(self.database, plan_id=plan_id, clock=self.clock, source=source, limits=limits)

    def solved(self, **more: Any) -> int:
        plan_id = self.plan(**more)
        self.solve(plan_id)
        return plan_id

    def publish(self, plan_id: int, now: datetime | None = None) -> plans.Published:
        return self.inside(
            lambda world: plans.publish(world.session, plan_id=plan_id, by=SYSTEM, now=now or self.clock.at)
        )

    def get(self, plan_id: int) -> Plan:
        return self.inside(lambda world: world.session.get_one(Plan, plan_id))

    def stops(self, plan_id: int) -> list[PlanStop]:
        found = select(PlanStop).where(PlanStop.plan_id == plan_id).order_by(PlanStop.starts_at)
        return self.inside(lambda world: list(world.session.scalars(found)))

    def omissions(self, plan_id: int) -> dict[int, str]:
        found = select(PlanOmission).where(PlanOmission.plan_id == plan_id)
        return self.inside(lambda world: {o.ticket_id: o.reason for o in world.session.scalars(found)})
