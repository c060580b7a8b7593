"""A provider in process, for S4's "Model A" and "Model B": real PNG bytes, no key, failures and latency by parameter.

It keeps nothing: a task id carries when it was made, and whether it fails follows from the job's id. Without latency
it answers at once, as S4's models do.
"""

from __future__ import annotations

import hashlib
import struct
import zlib
from collections.abc import Mapping

from .. import clock, config
from . import File, Order, PollFailed, Task

WIDTH = HEIGHT = 96


class Mock:
    def submit(self, order: Order) -> str | Task:
        if config.MOCK_LATENCY_MS.value <= 0:
            return _ended(order.job_id, order.model)
        size = str(order.inputs.get("size", ""))
        return f"mock.{order.job_id}.{clock.to_millis(clock.now())}.{size}"

    def poll(self, task_id: str, order_type: str, model: str) -> Task:
        try:
            _, job_id, made_at, _ = task_id.split(".")
            age_ms = clock.to_millis(clock.now()) - int(made_at)
        except ValueError as error:
            raise PollFailed("not a task of ours", gone=True) from error
        latency_ms = config.MOCK_LATENCY_MS.value
        if age_ms < latency_ms:
            return Task(status="running", progress=max(0, age_ms * 100 // latency_ms), raw_status="running")
        return _ended(job_id, model)

    def verify(self, headers: Mapping[str, str], body: bytes) -> str | None:
        """It never calls back."""
        return None


def _ended(job_id: str, model: str) -> Task:
    if _draw(job_id) < float(config.MOCK_FAILURE_RATE.value or 0):
        return Task(status="failed", reason="GenerationFailed", raw_status="failed", raw_error="MOCK_FAILURE_RATE")
    files = (File(data=picture(job_id, model), kind="image"),)
    return Task(status="finished", progress=100, files=files, raw_status="finished", credits=0)


def _draw(job_id: str) -> float:
    """A number in [0, 1) that belongs to the job, so that a poll that is repeated answers the same."""
    return int.from_bytes(hashlib.sha256(job_id.encode()).digest()[:6]) / 2**48


def picture(job_id: str, model: str) -> bytes:
    """A small PNG whose colours belong to the job: a diagonal wash for Model A, rings for Model B."""
    seed = hashlib.sha256(f"{model}/{job_id}".encode()).digest()
    rows = bytearray()
    for y in range(HEIGHT):
        rows.append(0)  # the row's filter: none
        for x in range(WIDTH):
            shade = (x + y) if model.endswith("A") else ((x - WIDTH // 2) ** 2 + (y - HEIGHT // 2) ** 2) // 24
            rows.extend((seed[channel] + shade * (1 + seed[channel + 3] % 3)) % 256 for channel in range(3))
    return _png(bytes(rows))


def _png(rows: bytes) -> bytes:
    """8-bit RGB rows as a PNG (https://www.w3.org/TR/png/)."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", WIDTH, HEIGHT, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")
