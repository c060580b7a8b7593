"""What goes wrong at an I/O, and how often."""

from __future__ import annotations


class Cut(Exception):
    """The connection broke: the request was not carried out, or its answer was lost."""

    def __init__(self, *, applied: bool) -> None:
        super().__init__("the answer was lost" if applied else "the request was lost")
        self.applied = applied


class Late(Exception):
    """No answer within the timeout. The request was not carried out, or it was, or it will be later."""


class Conflict(Exception):
    """Firestore refuses a commit because others write at the same time: it may be tried again."""


class Faults:
    """How often each fault happens, in 1/10,000 of all I/O. `only` restricts them to these places of the trace.

    `aim`: they happen only where the place and the kind of I/O contain all of these words.
    """

    def __init__(self, **rates: int) -> None:
        self.rates = {kind: rates.pop(kind, 0) for kind in KINDS}
        if rates:
            raise ValueError(f"no such faults: {sorted(rates)}")
        self.total = sum(self.rates.values())
        self.off = False
        self.only: frozenset[str] | None = None
        self.aim: tuple[str, ...] = ()
        self.injected: dict[str, str] = {}
        """{place of the trace: kind} of this run."""

    def decide(self, place: str, draw: int, io: str = "") -> str | None:
        """The fault at this place, if any. `draw` is below 10,000; `io` is the kind of I/O."""
        if draw >= self.total:
            return None
        for kind, rate in self.rates.items():
            if draw < rate:
                if kind == "conflict" and io != "firestore.commit":
                    return None
                return kind if self.takes(place, kind, io) else None
            draw -= rate
        return None

    def takes(self, place: str, kind: str, io: str = "") -> bool:
        """Whether a fault that is due at this place may happen. It is noted."""
        if self.off or (self.only is not None and place not in self.only):
            return False
        about = f"{place} {io}"
        if not all(word in about for word in self.aim):
            return False
        self.injected[place] = kind
        return True


KINDS = (
    *("cut_before", "cut_after", "late_before", "late_after", "late_applied", "slow", "conflict"),
    *("crash_before", "crash_after", "freeze"),
)
