"""A plan in the making: one route per car and the visits left out."""

from routing.engine.routes import Book
from routing.engine.tables import Way


class Draft:
    """Hold one route per car, the visits left out, and the cost of both together. Cheap to copy."""

    __slots__ = ("book", "cost", "out", "ways")

    def __init__(self, book: Book) -> None:
        """Begin with everybody at home and every visit left out."""
        self.book = book
        self.ways: list[Way] = list(book.empty)
        self.out: set[int] = set(range(len(book.net.visits)))
        self.cost: int = sum(book.net.drop)

    def copy(self) -> "Draft":
        """Return a copy; the routes themselves never change and are shared."""
        twin: Draft = Draft.__new__(Draft)
        twin.book, twin.ways, twin.out, twin.cost = self.book, self.ways.copy(), self.out.copy(), self.cost
        return twin

    def put(self, car: int, way: Way) -> None:
        """Replace the route of a car, keeping the cost; visits left out are the caller's to move."""
        self.cost += way.cost - self.ways[car].cost
        self.ways[car] = way

    def serve(self, v: int, *, car: int, at: int) -> None:
        """Take a visit that is left out into a route."""
        self.put(car, self.book.insert(self.ways[car], v, at=at))
        self.out.discard(v)
        self.cost -= self.book.net.drop[v]

    def take(self, car: int, way: Way) -> None:
        """Give a car a route all of whose visits are left out so far."""
        self.put(car, way)
        self.out.difference_update(way.seq)
        self.cost -= sum(self.book.net.drop[v] for v in way.seq)

    def release(self, car: int, gone: set[int]) -> bool:
        """Take visits out of a route; where the shorter route breaks a rule, all of its visits go.

        Return whether only the wished ones went.
        """
        seq = self.ways[car].seq
        shorter = self.book.way(car, tuple(v for v in seq if v not in gone))
        kept = shorter is not None
        if shorter is None:
            gone, shorter = set(seq), self.book.empty[car]
        self.put(car, shorter)
        for v in seq:
            if v in gone:
                self.out.add(v)
                self.cost += self.book.net.drop[v]
        return kept

    def sequences(self) -> list[tuple[int, ...]]:
        """Return the visits of every car in order."""
        return [way.seq for way in self.ways]
