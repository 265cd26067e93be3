"""Plans: requested, solved in a process of their own, cancelled. Published in `server.dispatch.publication`."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta

import structlog
from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from routing.findings import Finding, Severity
from routing.writing import problem_json
from server.core import jobs
from server.core.clock import Clock
from server.core.db import Database, Json, UtcDateTime
from server.core.due import Sweep
from server.core.errors import Invalid, NotFound
from server.core.events import SYSTEM, Actor, ActorKind, note, record
from server.core.policies import in_force
from server.dispatch import engine, proposal, snapshot
from server.dispatch.engine import Answer, Cancelled, Limits, Question, SolverFailed, Watch
from server.dispatch.modelling import Model, model, places_of
from server.dispatch.models import Plan
from server.dispatch.publication import Published, Skipped, UnknownPlan, publish
from server.dispatch.snapshot import Snapshot
from server.dispatch.solver_process import Spare
from server.dispatch.status import PlanEvent, PlanStatus
from server.dispatch.terms import DispatchTerms
from server.organisation.models import Region
from server.travel.matrix import TravelMatrix, travel_times
from server.travel.sources import Source

__all__ = ["SWEEP", "Published", "Skipped", "UnknownPlan", "cancel", "publish", "request", "solve"]

log = structlog.get_logger(__name__)

MOST_DAYS = 14
_STUCK_AFTER = timedelta(minutes=15)
"""A plan still at work so long after its limit has lost its worker for good."""


class UnknownRegion(NotFound):
    """There is no such region."""

    code = "plan.unknown_region"


class BadRequest(Invalid):
    """What is asked cannot be planned: the days, the limit, or an instant that is over."""

    code = "plan.bad_request"


def request(
    session: Session,
    *,
    region_id: int,
    first_day: date,
    last_day: date,
    earliest: datetime,
    seed: int,
    seconds: int,
    iterations: int | None,
    by: Actor,
    now: datetime,
) -> Plan:
    """Ask for a plan of a region and a span of its local days; a job solves it (`plan.request`).

    :param earliest: nothing is planned before this instant, nor before the present minute is over.
    :param seconds: limit of the search in real time.
    :param iterations: limit that makes the same data give the same plan; ``seconds`` is then the emergency brake.
    :raises UnknownRegion: if there is no such region.
    :raises BadRequest: if the days are in no order or more than 14, or are over; if a limit is out of range.
    """
    if session.get(Region, region_id) is None:
        raise UnknownRegion(region_id=region_id)
    begins = _next_minute(max(earliest, now))
    horizon = snapshot.Horizon(session.get_one(Region, region_id).time_zone, first_day, last_day, begins)
    if not first_day <= last_day < first_day + timedelta(days=MOST_DAYS) or horizon.end <= begins:
        raise BadRequest(rule="days")
    if not (1 <= seconds <= 3600 and (iterations is None or iterations >= 0)):
        raise BadRequest(rule="limit")
    plan = Plan(
        region_id=region_id,
        first_day=first_day,
        last_day=last_day,
        earliest=begins,
        seed=seed,
        seconds=seconds,
        iterations=iterations,
        requested_by=by.id if by.kind is ActorKind.STAFF else None,
        requested_at=now,
    )
    session.add(plan)
    note(session, plan, "request", by=by, now=now)
    # Plans of one region are solved one after another: the second sees what people did with the first.
    jobs.enqueue(session, "dispatch.solve", lock=f"plan-{region_id}", plan_id=plan.id)
    return plan


def _next_minute(instant: datetime) -> datetime:
    floor = instant.replace(second=0, microsecond=0)
    return floor if floor == instant else floor + timedelta(minutes=1)


def cancel(session: Session, *, plan_id: int, by: Actor, now: datetime) -> Plan:
    """Stop a plan that waits or is being solved, or throw a proposal away. The solver notices within a second.

    :raises UnknownPlan: if there is none.
    :raises IllegalTransition: if it is published, or over.
    """
    plan = session.get(Plan, plan_id, with_for_update=True, populate_existing=True)
    if plan is None:
        raise UnknownPlan(plan_id=plan_id)
    record(session, plan, PlanEvent.CANCEL, by=by, now=now)
    return plan


@dataclass(frozen=True, slots=True)
class _Task:
    """What a solver's job has read in its first transaction."""

    plan_id: int
    seed: int
    seconds: int
    iterations: int | None
    terms: DispatchTerms
    rests_on: Snapshot


def solve(
    database: Database,
    *,
    plan_id: int,
    clock: Clock,
    source: Source | None = None,
    limits: Limits | None = None,
    spare: Spare | None = None,
) -> None:
    """Solve a plan: the job `dispatch.solve`. May be done again after its worker was killed.

    Transactions are short; none is open while the solver works. A plan that was cancelled meanwhile stays
    cancelled; one whose solver fails is *failed* with the reason, and whatever was published before stays.

    :param source: travel times better than the region's model, where the installation has them.
    :param spare: the solver process that waits for this.
    """
    task = database.attempt(lambda session: _start(session, plan_id=plan_id, now=clock.read()))
    if task is None:
        return
    places = places_of(task.rests_on)
    travel = travel_times(database, points=places.points(), crow=task.rests_on.crow, source=source, now=clock.read())
    built = model(task.rests_on, name=f"plan-{plan_id}", places=places, travel=travel, terms=task.terms)
    found = built.problem.findings()
    _Solving(database, clock, task, built, travel, found).run(limits, spare)


def _start(session: Session, *, plan_id: int, now: datetime) -> _Task | None:
    """Take the plan over, and read what it rests on; None if nobody wants it any more."""
    plan = session.get(Plan, plan_id, with_for_update=True, populate_existing=True)
    if plan is None or plan.status not in {PlanStatus.QUEUED, PlanStatus.SOLVING}:
        return None
    if plan.status is PlanStatus.QUEUED:
        record(session, plan, PlanEvent.START, by=SYSTEM, now=now)
    else:
        note(session, plan, "start_again", by=SYSTEM, now=now)
    plan.started_at = now
    terms, _ = in_force(session, DispatchTerms, at=now)
    rests_on = snapshot.take(
        session,
        region_id=plan.region_id,
        first_day=plan.first_day,
        last_day=plan.last_day,
        earliest=max(plan.earliest, _next_minute(now)),
    )
    return _Task(plan.id, plan.seed, plan.seconds, plan.iterations, terms, rests_on)


@dataclass(frozen=True, slots=True)
class _Solving:
    """The solver's job from its question to what became of the plan."""

    database: Database
    clock: Clock
    task: _Task
    model: Model
    travel: TravelMatrix
    found: tuple[Finding, ...]

    def run(self, limits: Limits | None, spare: Spare | None) -> None:
        """Ask the solver, and keep its answer or why there is none."""
        if any(f.severity is Severity.ERROR for f in self.found):
            self._fail("invalid_problem")
            return
        task = self.task
        question = Question(
            self.model.problem, task.seed, task.seconds, task.iterations, candidates=task.terms.candidates
        )
        try:
            answer = engine.ask(question, watch=Watch(self._report), limits=limits, spare=spare)
        except Cancelled:
            return
        except SolverFailed as failed:
            self._fail(failed.code)
            return
        self.database.attempt(lambda session: self._propose(session, answer))

    def _report(self, progress: Json | None) -> bool:
        """Show people how far it is; return whether anybody still wants it."""
        with self.database.transaction() as session:
            if progress is None:
                status = session.scalar(select(Plan.status).where(Plan.id == self.task.plan_id))
                return status is PlanStatus.SOLVING
            # Past the mapper, and so without raising the version: nobody edits progress, and whoever cancels
            # meanwhile must not be told that the plan has changed.
            changed = session.execute(
                update(Plan)
                .where(Plan.id == self.task.plan_id, Plan.status == PlanStatus.SOLVING)
                .values(progress=progress)
                .returning(Plan.id)
            )
            return changed.first() is not None

    def _propose(self, session: Session, answer: Answer) -> None:
        plan = self._locked(session)
        if plan is None:
            return
        now = self.clock.read()
        proposal.write(session, plan=plan, model=self.model, answer=answer)
        self._describe(plan, answer)
        counts = {"unserved": answer.unserved, "cost": answer.cost, "left": len(self.model.left)}
        record(session, plan, PlanEvent.PROPOSE, by=SYSTEM, now=now, details=counts)

    def _fail(self, code: str) -> None:
        def work(session: Session) -> None:
            plan = self._locked(session)
            if plan is not None:
                self._describe(plan, None)
                plan.failure = code
                record(session, plan, PlanEvent.FAIL, by=SYSTEM, now=self.clock.read(), reason=code)

        self.database.attempt(work)

    def _locked(self, session: Session) -> Plan | None:
        """Return the plan if it is still being solved: somebody may have cancelled it a moment ago."""
        plan = session.get_one(Plan, self.task.plan_id, with_for_update=True, populate_existing=True)
        return plan if plan.status is PlanStatus.SOLVING else None

    def _describe(self, plan: Plan, answer: Answer | None) -> None:
        plan.watched = self.task.rests_on.watched()
        plan.problem = problem_json(self.model.problem)
        plan.findings = proposal.findings_json(
            self.model, travel=self.travel.findings, problem=self.found, answer=answer
        )


def _lost_at(plan: Plan) -> datetime:
    return (plan.started_at or plan.requested_at) + timedelta(seconds=plan.seconds) + _STUCK_AFTER


def _fail_stuck(session: Session, now: datetime) -> int:
    """Fail plans whose worker is gone for good, so that nobody waits for them."""
    at_work = session.scalars(select(Plan).where(Plan.status == PlanStatus.SOLVING).order_by(Plan.id).with_for_update())
    lost = [plan for plan in at_work if _lost_at(plan) <= now]
    for plan in lost:
        plan.failure = "worker_lost"
        record(session, plan, PlanEvent.FAIL, by=SYSTEM, now=now, reason="worker_lost")
    return len(lost)


_LIMIT_AT = func.coalesce(Plan.started_at, Plan.requested_at) + func.make_interval(0, 0, 0, 0, 0, 0, Plan.seconds)

SWEEP = Sweep(
    "stuck_plans",
    select(func.min(_LIMIT_AT, type_=UtcDateTime())).where(Plan.status == PlanStatus.SOLVING),
    _fail_stuck,
    after=_STUCK_AFTER,
)
