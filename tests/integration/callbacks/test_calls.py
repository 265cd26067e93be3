"""A call to a customer, and what follows from it."""

from datetime import datetime, timedelta

import pytest
from sqlalchemy import select

from server.callbacks import calls, complaints, decisions
from server.callbacks.calls import CallVerdict
from server.callbacks.models import CallbackAttempt, Complaint, CustomerCallback
from server.callbacks.outcomes import NoHandler, UnknownCallback
from server.callbacks.queries import at_supervisor, figures, sheet
from server.callbacks.queue import open_for_ticket, open_for_visit
from server.callbacks.rules import Answers
from server.callbacks.status import CallbackStatus, FailReason
from server.callbacks.sweeps import SWEEPS
from server.core.events import Actor, ActorKind, DomainEvent, Via
from server.core.money import Money
from server.core.transitions import IllegalTransition
from server.orders.models import Ticket
from server.orders.status import TicketStatus
from server.orders.visit_models import CardCharge, CardPart, Visit
from server.orders.words import ChargeKind, PartSource, VisitResult
from server.organisation.access import EVERYTHING, Scope
from server.organisation.models import Role
from tests.integration.verified_work import Work, local

_CUSTOMER = Actor(ActorKind.CUSTOMER, None, Via.SMS)
_WINDOWS, _SURVEYS, _UNDECIDED = SWEEPS


@pytest.fixture
def agent(work: Work) -> Actor:
    return work.staff(Role.CALLBACK_AGENT)


@pytest.fixture
def supervisor(work: Work) -> Actor:
    return work.staff(Role.SUPERVISOR)


def opened(
    work: Work,
    result: VisitResult = VisitResult.DONE_WITHOUT_PART,
    *,
    status: TicketStatus = TicketStatus.DONE,
    at: datetime | None = None,
) -> CustomerCallback:
    visit = work.visit(work.ticket(status=status), result, finished_at=at or local(10, 9))
    open_for_visit(work.session, work.happened("visit.finish", visit.id, at=at or local(10, 9)))
    return work.session.scalars(select(CustomerCallback).where(CustomerCallback.visit_id == visit.id)).one()


def call(
    work: Work,
    callback: CustomerCallback,
    by: Actor,
    *,
    now: datetime,
    reached: bool = True,
    verdict: CallVerdict | None = None,
    reason: FailReason | None = None,
    answers: Answers | None = None,
    promised_at: datetime | None = None,
    handler_id: int | None = None,
    scope: Scope = EVERYTHING,
) -> CallbackAttempt:
    assert by.id is not None
    return calls.attempt(
        work.session,
        callback_id=callback.id,
        agent=by.id,
        reached=reached,
        answers=answers or Answers(),
        verdict=verdict,
        fail_reason=reason,
        promised_at=promised_at,
        by=by,
        now=now,
        handler_id=handler_id,
        scope=scope,
    )


def ticket_of(work: Work, callback: CustomerCallback) -> Ticket:
    return work.session.get_one(Ticket, callback.ticket_id)


def test_a_pass_closes_the_ticket(work: Work, agent: Actor) -> None:
    callback = opened(work)

    call(work, callback, agent, now=local(10, 10), verdict=CallVerdict.PASS, answers=Answers(done=True, working=True))

    ticket = ticket_of(work, callback)
    assert (callback.status, callback.decided_by) == (CallbackStatus.PASSED, agent.id)
    assert (ticket.status, ticket.closed_at) == (TicketStatus.CLOSED, local(10, 10))


@pytest.mark.parametrize("reason", [FailReason.STILL_BROKEN, FailReason.NOT_DONE, FailReason.NOBODY_CAME])
def test_a_fail_that_leaves_work_to_do_opens_a_return_visit_on_the_same_ticket(
    work: Work, agent: Actor, reason: FailReason
) -> None:
    callback = opened(work)
    ticket = ticket_of(work, callback)
    ticket.agreed_from, ticket.agreed_to = local(10, 8), local(10, 9)

    call(work, callback, agent, now=local(10, 10), verdict=CallVerdict.FAIL, reason=reason)

    assert (callback.status, callback.fail_reason) == (CallbackStatus.FAILED, reason)
    assert (ticket.status, ticket.agreed_from, ticket.agreed_to) == (TicketStatus.READY, None, None)


@pytest.mark.parametrize("reason", [FailReason.OVERCHARGED, FailReason.RUDE])
def test_a_fail_about_money_or_manners_opens_a_complaint_with_a_named_handler(
    work: Work, agent: Actor, supervisor: Actor, reason: FailReason
) -> None:
    callback = opened(work)

    call(work, callback, agent, now=local(10, 10), verdict=CallVerdict.FAIL, reason=reason)

    complaint = work.session.scalars(select(Complaint)).one()
    assert (complaint.handler_id, complaint.kind) == (supervisor.id, str(reason))
    assert complaint.answer_due_at == local(11, 10)
    assert ticket_of(work, callback).status is TicketStatus.DONE


def test_the_handler_of_a_complaint_can_be_named(work: Work, agent: Actor, supervisor: Actor) -> None:
    callback, named = opened(work), work.staff(Role.DISPATCHER)

    call(
        work,
        callback,
        agent,
        now=local(10, 10),
        verdict=CallVerdict.FAIL,
        reason=FailReason.RUDE,
        handler_id=named.id,
    )

    assert work.session.scalars(select(Complaint)).one().handler_id == named.id


def test_a_complaint_without_anybody_to_handle_it_is_refused(work: Work, agent: Actor) -> None:
    callback = opened(work)

    with pytest.raises(NoHandler):
        call(work, callback, agent, now=local(10, 10), verdict=CallVerdict.FAIL, reason=FailReason.RUDE)


def test_a_complaint_is_decided_once(work: Work, agent: Actor, supervisor: Actor) -> None:
    call(work, opened(work), agent, now=local(10, 10), verdict=CallVerdict.FAIL, reason=FailReason.RUDE)
    (complaint,) = complaints.listed(work.session, scope=EVERYTHING, is_open=True)

    complaints.decide(work.session, complaint_id=complaint.id, decision="apologised", by=supervisor, now=local(10, 12))

    assert complaints.listed(work.session, scope=EVERYTHING, is_open=True) == []
    assert complaints.listed(work.session, scope=EVERYTHING, is_open=False) == [complaint]
    with pytest.raises(complaints.ComplaintDecided):
        complaints.decide(work.session, complaint_id=complaint.id, decision="again", by=supervisor, now=local(10, 13))


def test_a_cancelled_ticket_that_the_customer_did_not_cancel_is_opened_again(work: Work, agent: Actor) -> None:
    ticket = work.ticket(status=TicketStatus.CANCELLED, missing=["model"])
    open_for_ticket(work.session, work.happened("ticket.cancel", ticket.id, at=local(10, 9)))
    callback = work.session.scalars(select(CustomerCallback)).one()

    call(work, callback, agent, now=local(10, 10), verdict=CallVerdict.FAIL, reason=FailReason.NOT_DONE)

    assert ticket.status is TicketStatus.INCOMPLETE


def test_a_fail_about_an_older_visit_leaves_the_work_done_since_alone(work: Work, agent: Actor) -> None:
    callback = opened(work, VisitResult.CUSTOMER_ABSENT)
    ticket = ticket_of(work, callback)
    work.visit(ticket, finished_at=local(11, 9), ordinal=2)

    call(work, callback, agent, now=local(11, 10), verdict=CallVerdict.FAIL, reason=FailReason.NOBODY_CAME)

    assert ticket.status is TicketStatus.DONE


def test_three_unanswered_calls_in_different_thirds_lead_to_a_survey(work: Work, agent: Actor) -> None:
    callback = opened(work)

    for at in (local(10, 10), local(11, 14), local(12, 16)):
        assert callback.status is CallbackStatus.WAITING
        assert callback.call_after <= at < callback.call_before
        call(work, callback, agent, now=at, reached=False)

    assert (callback.status, callback.attempts) == (CallbackStatus.SURVEYED, 3)
    assert callback.survey_ends_at == local(15, 16)


def test_calls_that_do_not_count_are_kept_and_bring_no_survey_nearer(work: Work, agent: Actor) -> None:
    callback = opened(work)

    for minute in (0, 5, 10, 15):
        call(work, callback, agent, now=local(10, 10, minute), reached=False)

    kept = work.session.scalars(select(CallbackAttempt).order_by(CallbackAttempt.id)).all()
    assert [row.counts for row in kept] == [True, False, False, False]
    assert (callback.status, callback.attempts) == (CallbackStatus.WAITING, 1)


def test_a_promised_hour_is_kept(work: Work, agent: Actor) -> None:
    callback = opened(work)

    call(work, callback, agent, now=local(10, 10), promised_at=local(10, 13))

    assert (callback.call_after, callback.call_before) == (local(10, 13), local(10, 14))
    assert callback.attempts == 0


@pytest.mark.parametrize("promised", [local(10, 10), local(9, 10), local(17, 10)])
def test_a_promise_in_the_past_or_far_ahead_is_refused(work: Work, agent: Actor, promised: datetime) -> None:
    with pytest.raises(calls.BadPromise):
        call(work, opened(work), agent, now=local(10, 10), promised_at=promised)


def test_a_pass_against_the_card_is_refused_and_says_what_contradicts_it(work: Work, agent: Actor) -> None:
    callback = opened(work)
    card = work.card(work.session.get_one(Visit, callback.visit_id))
    work.add(CardCharge(card_id=card.id, kind=ChargeKind.LABOUR, text="labour", price=Money(5000, "CNY")))
    work.add(CardPart(card_id=card.id, name="fan", quantity=2, source=PartSource.COMPANY, price=Money(1000, "CNY")))
    said = Answers(came=True, done=True, charged=7001, parts=True)

    with pytest.raises(calls.Contradicted) as refusal:
        call(work, callback, agent, now=local(10, 10), verdict=CallVerdict.PASS, answers=said)

    assert refusal.value.details["contradictions"] == ["charged_more"]
    call(
        work,
        callback,
        agent,
        now=local(10, 10),
        verdict=CallVerdict.FAIL,
        reason=FailReason.CONTRADICTION,
        answers=said,
    )
    kept = work.session.scalars(select(CallbackAttempt)).one()
    assert kept.answers == {"came": True, "done": True, "charged": 7001, "parts": True}
    (found,) = kept.contradictions["items"]
    assert found == {"code": "charged_more", "claimed": "7000", "said": "7001", "grave": True}


@pytest.mark.parametrize(
    ("reached", "verdict", "promised_at"),
    [
        (True, None, None),
        (False, CallVerdict.PASS, None),
        (False, None, local(11, 9)),
        (True, CallVerdict.PASS, local(11, 9)),
    ],
)
def test_a_call_ends_in_one_way(
    work: Work, agent: Actor, reached: bool, verdict: CallVerdict | None, promised_at: datetime | None
) -> None:
    with pytest.raises(calls.Unclear):
        call(work, opened(work), agent, now=local(10, 10), reached=reached, verdict=verdict, promised_at=promised_at)


@pytest.mark.parametrize(("verdict", "reason"), [(CallVerdict.FAIL, None), (CallVerdict.PASS, FailReason.RUDE)])
def test_a_fail_and_only_a_fail_has_a_reason(
    work: Work, agent: Actor, verdict: CallVerdict, reason: FailReason | None
) -> None:
    with pytest.raises(calls.ReasonMissing):
        call(work, opened(work), agent, now=local(10, 10), verdict=verdict, reason=reason)


def test_a_second_verdict_is_refused(work: Work, agent: Actor) -> None:
    callback = opened(work)
    call(work, callback, agent, now=local(10, 10), verdict=CallVerdict.PASS)

    with pytest.raises(calls.Decided):
        call(work, callback, agent, now=local(10, 11), verdict=CallVerdict.FAIL, reason=FailReason.RUDE)


def test_a_call_that_another_agent_was_handed_is_his(work: Work, agent: Actor) -> None:
    callback = opened(work)
    callback.claimed_by, callback.claimed_until = work.staff(Role.CALLBACK_AGENT).id, local(10, 10, 15)

    with pytest.raises(calls.Claimed):
        call(work, callback, agent, now=local(10, 10), verdict=CallVerdict.PASS)

    call(work, callback, agent, now=local(10, 10, 15), verdict=CallVerdict.PASS)
    assert callback.status is CallbackStatus.PASSED


def test_another_regions_callback_does_not_exist(work: Work, agent: Actor) -> None:
    callback, elsewhere = opened(work), Scope(region_id=work.region.id + 1)

    with pytest.raises(UnknownCallback):
        call(work, callback, agent, now=local(10, 10), verdict=CallVerdict.PASS, scope=elsewhere)
    with pytest.raises(UnknownCallback):
        sheet(work.session, callback_id=callback.id, scope=elsewhere)


def test_a_yes_to_the_message_verifies_and_a_no_opens_the_work_again(work: Work) -> None:
    yes, no = opened(work), opened(work)
    for callback, confirmed in ((yes, True), (no, False)):
        calls.answer_message(
            work.session, callback_id=callback.id, confirmed=confirmed, words="", by=_CUSTOMER, now=local(10, 10)
        )

    assert (yes.status, ticket_of(work, yes).status) == (CallbackStatus.PASSED, TicketStatus.CLOSED)
    assert (no.fail_reason, ticket_of(work, no).status) == (FailReason.STILL_BROKEN, TicketStatus.READY)


def test_a_no_to_a_reported_absence_makes_it_a_contradiction_without_reopening_open_work(work: Work) -> None:
    callback = opened(work, VisitResult.CUSTOMER_ABSENT, status=TicketStatus.READY)

    calls.answer_message(
        work.session, callback_id=callback.id, confirmed=False, words="I was in", by=_CUSTOMER, now=local(10, 10)
    )

    assert callback.fail_reason is FailReason.NOBODY_CAME
    assert ticket_of(work, callback).status is TicketStatus.READY


def test_a_second_answer_to_the_message_is_refused(work: Work) -> None:
    callback = opened(work)
    answer = {"callback_id": callback.id, "words": "", "by": _CUSTOMER, "now": local(10, 10)}
    calls.answer_message(work.session, confirmed=True, **answer)  # type: ignore[arg-type]

    with pytest.raises(calls.Decided):
        calls.answer_message(work.session, confirmed=False, **answer)  # type: ignore[arg-type]


def test_a_chance_to_call_that_passed_is_followed_by_the_next_one(work: Work) -> None:
    callback = opened(work)

    assert _WINDOWS.next_due(work.session) == local(10, 12)
    assert _WINDOWS.deal_with(work.session, local(10, 12) - timedelta(seconds=1)) == 0
    assert _WINDOWS.deal_with(work.session, local(10, 12)) == 1
    assert (callback.call_after, callback.call_before) == (local(10, 14), local(10, 16))
    assert _WINDOWS.deal_with(work.session, local(10, 12)) == 0


def test_whom_neither_calls_nor_survey_reach_goes_to_the_supervisor_and_lapses_after_thirty_days(
    work: Work, agent: Actor
) -> None:
    callback = opened(work)
    for at in (local(10, 10), local(11, 14), local(12, 16)):
        call(work, callback, agent, now=at, reached=False)

    assert _SURVEYS.deal_with(work.session, local(15, 15, 59)) == 0
    assert _SURVEYS.deal_with(work.session, local(15, 16)) == 1
    assert callback.status is CallbackStatus.UNREACHABLE
    assert [entry.callback for entry in at_supervisor(work.session, scope=EVERYTHING).items] == [callback]

    lapses = local(15, 16) + timedelta(days=30)
    assert _UNDECIDED.next_due(work.session) == lapses
    assert _UNDECIDED.deal_with(work.session, lapses - timedelta(seconds=1)) == 0
    assert _UNDECIDED.deal_with(work.session, lapses) == 1
    assert (callback.status, ticket_of(work, callback).status) == (CallbackStatus.LAPSED, TicketStatus.CLOSED)


def failed(work: Work, agent: Actor, reason: FailReason = FailReason.CONTRADICTION) -> CustomerCallback:
    callback = opened(work)
    call(work, callback, agent, now=local(10, 10), verdict=CallVerdict.FAIL, reason=reason)
    return callback


def test_a_supervisor_re_confirms_a_failed_callback_with_evidence(work: Work, agent: Actor, supervisor: Actor) -> None:
    callback = failed(work, agent)

    decisions.reconfirm(
        work.session,
        callback_id=callback.id,
        evidence="check-in, signature",
        without_customer=True,
        by=supervisor,
        now=local(11, 9),
    )

    assert (callback.status, callback.reconfirmed_by) == (CallbackStatus.RECONFIRMED, supervisor.id)
    assert (callback.without_customer, callback.evidence) == (True, "check-in, signature")
    assert ticket_of(work, callback).status is TicketStatus.CLOSED


def test_a_supervisor_who_does_not_confirm_ends_the_ticket_unverified(
    work: Work, agent: Actor, supervisor: Actor
) -> None:
    callback = failed(work, agent)

    decisions.not_confirm(
        work.session, callback_id=callback.id, evidence="nobody was there", by=supervisor, now=local(11, 9)
    )

    assert callback.status is CallbackStatus.NOT_CONFIRMED
    ended = work.session.scalars(select(DomainEvent).where(DomainEvent.kind == "ticket.end_unverified")).one()
    assert ended.ticket_id == callback.ticket_id


def test_a_lapsed_callback_can_be_re_confirmed_on_appeal(work: Work, supervisor: Actor) -> None:
    visit = work.visit(work.ticket())
    callback = work.callback(visit, CallbackStatus.LAPSED)

    decisions.reconfirm(
        work.session,
        callback_id=callback.id,
        evidence="photos",
        without_customer=True,
        by=supervisor,
        now=local(28, 9),
    )

    assert callback.status is CallbackStatus.RECONFIRMED


def test_a_callback_that_waits_is_not_the_supervisors(work: Work, supervisor: Actor) -> None:
    callback = opened(work)

    with pytest.raises(IllegalTransition):
        decisions.not_confirm(work.session, callback_id=callback.id, evidence="x", by=supervisor, now=local(11, 9))


@pytest.mark.parametrize("evidence", ["", "  "])
def test_without_evidence_nothing_is_re_confirmed(work: Work, agent: Actor, supervisor: Actor, evidence: str) -> None:
    with pytest.raises(decisions.EvidenceMissing):
        decisions.reconfirm(
            work.session,
            callback_id=failed(work, agent).id,
            evidence=evidence,
            without_customer=False,
            by=supervisor,
            now=local(11, 9),
        )


def test_a_machine_re_confirms_nothing(work: Work, agent: Actor) -> None:
    with pytest.raises(decisions.NotASupervisor):
        decisions.not_confirm(
            work.session, callback_id=failed(work, agent).id, evidence="x", by=_CUSTOMER, now=local(11, 9)
        )


def test_who_dispatched_by_override_re_confirms_only_with_a_second_person(
    work: Work, agent: Actor, supervisor: Actor
) -> None:
    callback, second = failed(work, agent), work.staff(Role.SUPERVISOR)
    work.happened(
        "ticket.override_facts", callback.ticket_id, at=local(9, 9), ticket_id=callback.ticket_id, by=supervisor
    )

    def reconfirm() -> CustomerCallback:
        return decisions.reconfirm(
            work.session,
            callback_id=callback.id,
            evidence="seen",
            without_customer=False,
            by=supervisor,
            now=local(11, 9),
        )

    with pytest.raises(decisions.SecondPersonNeeded):
        reconfirm()
    decisions.support(work.session, callback_id=callback.id, by=supervisor, now=local(11, 9))
    with pytest.raises(decisions.SecondPersonNeeded):
        reconfirm()
    decisions.support(work.session, callback_id=callback.id, by=second, now=local(11, 9))

    assert reconfirm().reconfirmed_with == second.id


def test_the_sheet_shows_everything_needed_to_decide(work: Work, agent: Actor) -> None:
    callback = failed(work, agent)
    ticket_of(work, callback).contact_phone = "+12025550199"
    card = work.card(work.session.get_one(Visit, callback.visit_id))

    found = sheet(work.session, callback_id=callback.id, scope=EVERYTHING)

    assert (found.callback, found.card, found.technician) == (callback, card, work.technician)
    assert (found.callback.phone, found.newer_phone) == ("+12025550123", "+12025550199")
    assert [event.kind for event in found.history] == ["customer_callback.open", "customer_callback.fail"]
    assert len(found.attempts) == 1


def test_what_failed_first_counts_as_failed_whatever_came_of_it(work: Work, agent: Actor, supervisor: Actor) -> None:
    callback = failed(work, agent)
    decisions.reconfirm(
        work.session,
        callback_id=callback.id,
        evidence="seen",
        without_customer=False,
        by=supervisor,
        now=local(11, 9),
    )

    found = figures(work.session, scope=EVERYTHING, since=local(10, 0), until=local(11, 0))

    assert (found.failed, found.reconfirmed, found.pass_rate, found.coverage, found.in_time) == (1, 1, 0.0, 1.0, 1)
