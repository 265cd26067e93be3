"""The course of a search: anneal on both cores, recombine at every stage, then solve neighbourhoods and prove a bound.

Works in rounds of a fraction of a second; between two rounds it looks at the stop and tells of a better plan.
"""

from collections.abc import Callable
from dataclasses import dataclass
from random import Random

from routing.certificate import Certificate
from routing.engine.allowance import Allowance
from routing.engine.annealing import Annealing, first_outline
from routing.engine.arrays import Flat
from routing.engine.bound import Bounder
from routing.engine.crew import Crew
from routing.engine.memory import Memory
from routing.engine.neighbourhood import Neighbourhoods
from routing.engine.outline import Outline
from routing.engine.plain.plan import Report
from routing.engine.recombination import recombine
from routing.stop import Stop

STAGES = (0.15, 0.3, 0.45, 0.6, 0.7)
"""Shares of the allowance after which the remembered routes are recombined; the last ends the annealing."""

PROVING = 0.75
"""What the stages are shortened by where a bound is to be proven as well."""

A_NEIGHBOURHOOD = 100
"""Steps that a round of neighbourhoods counts for."""


RECOMBINED = 60
"""Rounds of neighbourhoods between two recombinations."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """Hold the best outline found and, where one was proven, the bound with what proves it."""

    outline: Outline
    certificate: Certificate | None


class Conductor:
    """Lead one search."""

    def __init__(self, flat: Flat, *, seed: int, stop: Stop, allowance: Allowance, report: Report) -> None:
        """Prepare; nothing is searched yet."""
        self._stop = stop
        self._flat, self._seed, self._allowance, self._report = flat, seed, allowance, report
        self._memory = Memory()
        self._rng = Random(seed)
        self._told: int | None = None

    def search(self) -> Outcome:
        """Search until the allowance is over or the plan is proven best."""
        best = first_outline(self._flat)
        self._tell(best, "construct")
        if not self._flat.fits.any() or self._allowance.over:
            return Outcome(best, None)
        with Crew(self._stop) as crew:
            annealing = Annealing(self._flat, start=best, seed=self._seed, memory=self._memory)
            self._anneal(annealing, crew)
            return self._deepen(annealing, crew)

    def _tell(self, outline: Outline, phase: str) -> None:
        if self._told is None or outline.total < self._told:
            self._told = outline.total
            out = len(outline.left_out(self._flat.place.size))
            self._report(outline.total, out, self._allowance.iterations, phase)

    def _anneal(self, annealing: Annealing, crew: Crew) -> None:
        """Walk while the temperature falls; recombine at the stages."""
        allowance = self._allowance
        sooner = PROVING if self._flat.place.size <= Bounder.LARGEST else 1.0
        stages = [share * sooner for share in STAGES]
        for until in stages:
            while not allowance.over and allowance.share < until:
                annealing.prepare()
                steps, begun = allowance.steps(longer=annealing.pieces_are_cut), allowance.now()
                shares = (allowance.share / stages[-1], allowance.ahead(steps) / stages[-1])
                annealing.round(crew, steps=steps, shares=shares)
                allowance.used(steps, since=begun)
                self._tell(annealing.best, "search")
            if allowance.over:
                break
            better = self._recombined(annealing.best, crew)
            if better is not None:
                annealing.take(better)
                self._tell(better, "recombine")

    def _recombined(self, best: Outline, crew: Crew) -> Outline | None:
        left = self._allowance.seconds_left()
        seconds = 0.4 if self._allowance.timed else None
        if left is not None and left < 1.0:
            return None
        return recombine(
            self._flat,
            best=best,
            memory=self._memory,
            crew=crew,
            rng=self._rng,
            seconds=seconds,
            seed=self._seed,
        )

    def _deepen(self, annealing: Annealing, crew: Crew) -> Outcome:
        """Solve neighbourhoods on one core and price for the bound on the other, or use both for what is left to do.

        Where all neighbourhoods are known the walks begin anew, cooler than at first.
        """
        allowance, n = self._allowance, self._flat.place.size
        bounder = Bounder(self._flat, memory=self._memory, halt=crew.halt) if n <= Bounder.LARGEST else None
        near = Neighbourhoods(self._flat, start=annealing.best, seed=self._seed, memory=self._memory)
        unknown, rounds, since = True, 0, 0.0
        while not allowance.over:
            begun, proving = allowance.now(), bounder is not None and not bounder.done
            if bounder is not None:
                bounder.aim(near.best.total)
            beside = bounder.work if bounder is not None and proving else None
            if unknown:
                unknown = near.round(crew, beside=beside)
                allowance.used(A_NEIGHBOURHOOD, since=begun)
                since = allowance.share
            else:
                self._rewalk(annealing, crew, since=since, beside=beside)
                unknown = annealing.best.total < near.best.total
                near.take(annealing.best)
            annealing.take(near.best)
            rounds += 1
            if rounds % RECOMBINED == 0 and (better := self._recombined(near.best, crew)) is not None:
                near.take(better)
            self._tell(near.best, "deepen")
            if bounder is not None and bounder.proves(near.best.total):
                break
        certificate = None if bounder is None else bounder.certificate()
        return Outcome(near.best, certificate)

    def _rewalk(self, annealing: Annealing, crew: Crew, *, since: float, beside: Callable[[], None] | None) -> None:
        """Walk on from the best plan, from half the heat down to none while the rest of the allowance is used."""
        allowance = self._allowance
        annealing.prepare()
        steps, begun = allowance.steps(longer=annealing.pieces_are_cut), allowance.now()
        rest = max(1e-9, 1.0 - since)
        shares = [0.5 + 0.5 * (share - since) / rest for share in (allowance.share, allowance.ahead(steps))]
        annealing.round(crew, steps=steps, shares=(shares[0], shares[1]), beside=beside)
        allowance.used(steps, since=begun)
