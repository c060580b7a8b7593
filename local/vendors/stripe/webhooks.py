"""Delivers the stand-in's events as Stripe does: signed, with retries, and optionally out of order."""

from __future__ import annotations

import hashlib
import hmac
import json
import random
import threading
import time
import urllib.error
import urllib.request
from collections import deque
from dataclasses import dataclass, field

from local.vendors.stripe.objects import Object

TIMEOUT_S = 30.0
FIRST_RETRY_S = 1.0
LAST_RETRY_S = 60.0
TRIES = 30


def signed(event: Object, secret: str, at: float | None = None) -> tuple[bytes, str]:
    """The body and its `Stripe-Signature`."""
    body = json.dumps(event, indent=2).encode()
    moment = int(time.time() if at is None else at)
    made = hmac.new(secret.encode(), f"{moment}.".encode() + body, hashlib.sha256).hexdigest()
    return body, f"t={moment},v1={made}"


@dataclass
class Delivery:
    """The delivery of one event."""

    event: Object
    due: float
    tries: int = 0
    status: str = "waiting"


@dataclass
class Webhooks:
    """Sends events to `url`, in threads of its own."""

    url: str
    secret: str
    copies: int = 1
    """How often each event is sent; Stripe sometimes sends one twice."""
    delay_s: float = 0.0
    """Each event is delayed at random by at most so long."""
    deliveries: deque[Delivery] = field(default_factory=lambda: deque(maxlen=1000))
    _wake: threading.Condition = field(default_factory=threading.Condition)
    _stopped: bool = False

    def start(self) -> None:
        for number in range(2):  # two threads, so the order is not guaranteed
            threading.Thread(target=self._run, name=f"webhooks {number}", daemon=True).start()

    def stop(self) -> None:
        with self._wake:
            self._stopped = True
            self._wake.notify_all()

    def hear(self, event: Object) -> None:
        with self._wake:
            for _ in range(self.copies):
                self.deliveries.append(Delivery(event, time.monotonic() + random.uniform(0, self.delay_s)))
            self._wake.notify_all()

    def _next(self) -> Delivery | None:
        """The next delivery that is due, marked as being sent; None once stopped."""
        with self._wake:
            while not self._stopped:
                now = time.monotonic()
                waiting = [each for each in self.deliveries if each.status == "waiting"]
                due = min(waiting, key=lambda each: each.due, default=None)
                if due is not None and due.due <= now:
                    due.status = "sending"
                    return due
                self._wake.wait(None if due is None else due.due - now)
        return None

    def _run(self) -> None:
        while (delivery := self._next()) is not None:
            status = self._send(delivery.event)
            with self._wake:
                delivery.tries += 1
                if 200 <= status < 300:
                    delivery.status = f"taken ({status})"
                elif delivery.tries >= TRIES:
                    delivery.status = f"given up ({status})"
                else:
                    delivery.status = "waiting"
                    delivery.due = time.monotonic() + min(LAST_RETRY_S, FIRST_RETRY_S * 2 ** (delivery.tries - 1))
                self._wake.notify_all()

    def _send(self, event: Object) -> int:
        body, signature = signed(event, self.secret)
        headers = {"Content-Type": "application/json; charset=utf-8", "Stripe-Signature": signature}
        request = urllib.request.Request(self.url, body, headers, method="POST")
        try:
            with urllib.request.urlopen(request, timeout=TIMEOUT_S) as answer:
                return int(answer.status)
        except urllib.error.HTTPError as error:
            return error.code
        except OSError:
            return 0
