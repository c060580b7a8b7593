"""Fires the schedules of a running stack: the emulator suite does not fire those of second-generation functions.

It reads the schedules from the functions emulator.
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

from cronsim import CronSim, CronSimError

# The dispatcher also paces settling, because the task emulator ignores delays. Times are shown soon after five jobs.
EVERY_S = {"dispatchStudioJobs": 5.0, "measureModels": 60.0}
CALL_TIMEOUT_S = 540.0
REFRESH_S = 60.0


def is_due(schedule: str, when: datetime.datetime) -> bool:
    """Whether `schedule`, a cron expression or "every N minutes|hours", is due in the minute of `when`.

    ValueError for any other schedule.
    """
    if every := re.fullmatch(r"every (\d+) (minute|hour)s?", schedule):
        minutes = int(every[1]) * (60 if every[2] == "hour" else 1)
        return int(when.timestamp() // 60) % max(minutes, 1) == 0
    minute = when.replace(second=0, microsecond=0)
    try:
        return next(CronSim(schedule, minute - datetime.timedelta(minutes=1))) == minute
    except (CronSimError, StopIteration):
        raise ValueError(f"not a schedule that can be fired here: {schedule!r}") from None


@dataclass
class Ticker:
    """One thread for the clock and one for each running call. A schedule is not fired while its last call runs."""

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
        """Fire no more. A running call ends with the suite."""
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
        """POST what Cloud Scheduler would. The emulator serves a schedule as its function's name and `-0`."""
        headers = {"X-CloudScheduler-ScheduleTime": now.isoformat(), "X-CloudScheduler-JobName": name}
        request = urllib.request.Request(f"{self.functions_url}/{name}-0", b"", headers, method="POST")
        try:
            with urllib.request.urlopen(request, timeout=CALL_TIMEOUT_S) as answer:
                answer.read()
        except (OSError, http.client.HTTPException) as error:
            if not self._stop.is_set():
                self.say(f"ticker: {name} failed: {error}")
