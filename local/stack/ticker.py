"""Fires the schedules of a running stack: the emulator suite has none of its own for second-generation functions.

Which functions have a schedule, and when it is due, is asked of the functions emulator.
"""

from __future__ import annotations

import datetime
import http.client
import json
import re
import threading
import urllib.error
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass, field
from zoneinfo import ZoneInfo

# The dispatcher also paces settling, because the task emulator ignores delays.
EVERY_S = {"dispatchStudioJobs": 5.0}
CALL_TIMEOUT_S = 540.0
REFRESH_S = 60.0
FIELDS = ((0, 59), (0, 23), (1, 31), (1, 12), (0, 7))


def is_due(schedule: str, when: datetime.datetime) -> bool:
    """Whether `schedule`, a cron line or "every N minutes|hours", is due in the minute of `when`."""
    if every := re.fullmatch(r"every (\d+) (minute|hour)s?", schedule):
        minutes = int(every[1]) * (60 if every[2] == "hour" else 1)
        return int(when.timestamp() // 60) % max(minutes, 1) == 0
    fields = schedule.split()
    if len(fields) != len(FIELDS) or not re.fullmatch(r"[\d*/,\- ]+", schedule):
        raise ValueError(f"not a schedule that can be fired here: {schedule!r}")
    now = (when.minute, when.hour, when.day, when.month, when.isoweekday() % 7)
    fits = [value in _members(text, low, high) for text, value, (low, high) in zip(fields, now, FIELDS, strict=True)]
    # Cron's own oddity: when both the day of the month and of the week are given, one of them is enough.
    if fields[2] != "*" and fields[4] != "*":
        return fits[0] and fits[1] and fits[3] and (fits[2] or fits[4])
    return all(fits)


def _members(text: str, low: int, high: int) -> set[int]:
    members: set[int] = set()
    for part in text.split(","):
        span, _, step = part.partition("/")
        first, _, last = span.partition("-")
        start = low if first == "*" else int(first)
        stop = high if first == "*" or (step and not last) else int(last or first)
        members.update(range(start, stop + 1, int(step or 1)))
    return {member % 7 for member in members} if high == 7 else members


@dataclass
class Ticker:
    """A thread for the clock, and one for each call under way: never two of one schedule at a time."""

    functions_host: str
    functions_url: str
    say: Callable[[str], None]
    schedules: dict[str, tuple[str, str]] = field(default_factory=dict)
    _busy: dict[str, threading.Thread] = field(default_factory=dict)
    _stop: threading.Event = field(default_factory=threading.Event)
    _clock: threading.Thread | None = None

    def start(self) -> None:
        self._clock = threading.Thread(target=self._run, name="ticker", daemon=True)
        self._clock.start()

    def stop(self) -> None:
        """Fire no more. A call under way is left to the suite's own end."""
        self._stop.set()
        if self._clock:
            self._clock.join(timeout=5)

    def discover(self) -> dict[str, tuple[str, str]]:
        """Each scheduled function's name with its schedule and time zone."""
        with urllib.request.urlopen(f"http://{self.functions_host}/backends", timeout=10) as answer:
            backends = json.load(answer)["backends"]
        return {
            trigger["name"]: (trigger["schedule"]["schedule"], trigger["schedule"].get("timeZone") or "UTC")
            for backend in backends
            for trigger in backend["functionTriggers"]
            if trigger.get("schedule")
        }

    def _run(self) -> None:
        next_at: dict[str, float] = {}
        last_minute = refreshed = 0.0
        while not self._stop.wait(0.5):
            now = datetime.datetime.now(datetime.UTC)
            seconds = now.timestamp()
            if seconds - refreshed >= REFRESH_S:
                refreshed = seconds
                self._refresh()
            for name in self.schedules.keys() & EVERY_S.keys():
                if seconds >= next_at.get(name, 0):
                    next_at[name] = seconds + EVERY_S[name]
                    self._fire(name, now)
            minute = seconds // 60
            if last_minute and minute != last_minute:
                self._fire_due(now)
            last_minute = minute

    def _refresh(self) -> None:
        try:
            self.schedules = self.discover()
        except (OSError, http.client.HTTPException, ValueError, KeyError) as error:
            self.say(f"ticker: cannot read the schedules: {error}")

    def _fire_due(self, now: datetime.datetime) -> None:
        for name, (schedule, zone) in self.schedules.items():
            if name in EVERY_S:
                continue
            try:
                if is_due(schedule, now.astimezone(ZoneInfo(zone))):
                    self._fire(name, now)
            except (ValueError, KeyError) as error:
                self.say(f"ticker: {name}: {error}")

    def _fire(self, name: str, now: datetime.datetime) -> None:
        if name in self._busy and self._busy[name].is_alive():
            return
        thread = threading.Thread(target=self._call, args=(name, now), name=f"schedule {name}", daemon=True)
        self._busy[name] = thread
        thread.start()

    def _call(self, name: str, now: datetime.datetime) -> None:
        """POST what Cloud Scheduler would; the emulator deploys a schedule under its name with `-0` behind."""
        headers = {"X-CloudScheduler-ScheduleTime": now.isoformat(), "X-CloudScheduler-JobName": name}
        request = urllib.request.Request(f"{self.functions_url}/{name}-0", b"", headers, method="POST")
        try:
            with urllib.request.urlopen(request, timeout=CALL_TIMEOUT_S) as answer:
                answer.read()
        except (OSError, http.client.HTTPException) as error:
            if not self._stop.is_set():
                self.say(f"ticker: {name} failed: {error}")
