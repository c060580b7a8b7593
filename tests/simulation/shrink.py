"""The shortest story that still fails in the same way, and how to tell it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import TypeVar

from msgspec.structs import replace

from tests.simulation import story as stories
from tests.simulation.actors import Act
from tests.simulation.story import Result, Story

T = TypeVar("T")

MAX_RUNS = 300


def without(story: Story, people: Sequence[str]) -> Story:
    """The story without these people ("admin" is the administrator)."""
    kept = {uid: acts for uid, acts in story.people.items() if uid not in people}
    return replace(story, people=kept, admin=[] if "admin" in people else story.admin)


def with_faults(story: Story, places: Iterable[str]) -> Story:
    """The story with faults at these places only."""
    return replace(story, only=frozenset(places))


def kind(result: Result) -> str:
    """What was violated, without the names of the things that it was violated by."""
    return result.violations[0].partition(":")[0] if result.violations else ""


def shortest(story: Story, failed: Result) -> Result:
    """Leave out people, faults and acts as long as the same thing is violated, in at most MAX_RUNS runs."""
    wanted, best, runs = kind(failed), failed, 0

    def fails(candidate: Story) -> bool:
        nonlocal best, runs
        runs += 1
        if runs > MAX_RUNS:
            return False
        result = stories.run(candidate)
        if kind(result) != wanted:
            return False
        best = result
        return True

    current = with_faults(story, failed.injected)
    if not fails(current):
        return failed  # a fault has moved: the story is told as it is
    for person in [*story.people, "admin"]:
        if fails(fewer := without(current, [person])):
            current = fewer
    faults = _fewest(sorted(best.injected), lambda places: fails(with_faults(current, places)))
    current = with_faults(current, faults)
    for person in [*current.people, "admin"]:
        current = _with_fewest_acts(current, person, fails)
    return stories.run(current, keep_trace=True)


def _with_fewest_acts(story: Story, person: str, fails: Callable[[Story], bool]) -> Story:
    acts = story.admin if person == "admin" else story.people[person]
    return _with_acts(story, person, _fewest(acts, lambda fewer: fails(_with_acts(story, person, fewer))))


def _with_acts(story: Story, person: str, acts: Sequence[Act]) -> Story:
    if person == "admin":
        return replace(story, admin=list(acts))
    return replace(story, people={**story.people, person: list(acts)})


def _fewest(things: Sequence[T], fails: Callable[[list[T]], bool]) -> list[T]:
    """As few of the things as still fail (delta debugging: halves, then smaller and smaller parts)."""
    kept, size = list(things), max(1, len(things) // 2)
    while kept:
        at, shorter = 0, False
        while at < len(kept):
            fewer = kept[:at] + kept[at + size :]
            if fails(fewer):
                kept, shorter = fewer, True
            else:
                at += size
        if size == 1 and not shorter:
            break
        size = max(1, size // 2)
    return kept


def tell(result: Result) -> str:
    """A story that a person can read: who did what, what went wrong, what is wrong in the end."""
    story = result.story
    lines = [f"The shortest story of seed {story.seed} ({result.steps} steps):", ""]
    for uid, acts in [*story.people.items(), ("admin", story.admin)]:
        if acts:
            lines.append(f"  {uid}: " + ", ".join(f"{each.kind}{' twice' if each.twice else ''}" for each in acts))
    lines += ["", "  Faults:", *(f"    {place}: {kind}" for place, kind in sorted(result.injected.items())), ""]
    lines += [*(f"  {line}" for line in result.trace[-200:]), "", "  Violated:"]
    lines += [f"    {each}" for each in result.violations]
    gone = sorted(
        {*stories.story_of(story.seed).people, "admin"} - {*story.people, *(["admin"] if story.admin else [])}
    )
    again = f"make simulate SEED={story.seed} ONLY={','.join(sorted(result.injected)) or ','}"
    return "\n".join([*lines, "", f"Again: {again}" + (f" WITHOUT={','.join(gone)}" if gone else "")])
