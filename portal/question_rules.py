"""Who may ask about a case, and whom a question waits for."""

from __future__ import annotations

from sqlalchemy import and_, or_, select

from portal.actor import Actor, able
from portal.case_rules import Clause, heads, leaver, of_cases, receiver, works_here
from portal.models import Handover, HandoverState, Question


def asks(actor: Actor) -> Clause:
    """Cases a person may ask about: those received and those of the positions held, but the own.

    Of a cancelled case nobody is left to answer for it.
    """
    return and_(
        works_here(actor),
        Handover.state != HandoverState.CANCELLED,
        Handover.leaver_id != actor.id,
        or_(receiver(actor), Handover.position_id.in_(actor.positions)),
    )


def views(actor: Actor) -> Clause:
    """The asker, and those who may be asked; what somebody does not know is not for everybody."""
    return and_(
        works_here(actor),
        or_(
            Question.asker_id == actor.id,
            of_cases(Question.handover_id, leaver)(actor),
            of_cases(Question.handover_id, heads)(actor),
        ),
    )


def answers(actor: Actor) -> Clause:
    """The leaver while the case runs; the heads when it is completed or the leaver has gone.

    Nobody answers the own question.
    """
    running = Handover.state == HandoverState.RUNNING
    gone = Handover.leaver_id.not_in(able(actor.today))
    mine = or_(
        and_(leaver(actor), running),
        and_(heads(actor), Handover.state != HandoverState.CANCELLED, or_(~running, gone)),
    )
    return and_(
        works_here(actor),
        Question.asker_id != actor.id,
        Question.handover_id.in_(select(Handover.id).where(mine)),
    )


def withdraws(actor: Actor) -> Clause:
    """The asker."""
    return and_(works_here(actor), Question.asker_id == actor.id)
