"""What proves a bound, as a value: prices that anybody can add up, and routes that anybody can price again."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class CutPrice:
    """Price one subset-row cut: its three visits, the visits that remember it, its price."""

    visits: tuple[int, ...]
    memory: tuple[int, ...]
    price: float


@dataclass(frozen=True, slots=True)
class Certificate:
    """Hold what proves a bound: cases that cover every plan, each with prices of visits and cars in the order of the
    problem (cars: technician by technician, shift by shift), of cuts, and the least reduced cost of each car's routes.
    All in cost, prices never negative.
    """

    cases: tuple["Case", ...]

    @property
    def bound(self) -> int:
        """Return what no plan can cost less than: the bound of the weakest case; without any case nothing is proven."""
        return min((case.bound for case in self.cases), default=0)


@dataclass(frozen=True, slots=True)
class Case:
    """Prove a bound for the plans that leave out `fewest` to `most` visits: M is `extra`, d is `served`."""

    fewest: int
    most: int
    bound: int
    extra: int
    served: float
    visits: tuple[float, ...]
    cars: tuple[float, ...]
    cuts: tuple[CutPrice, ...]
    least: tuple[float, ...]
