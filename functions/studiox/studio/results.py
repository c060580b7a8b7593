"""Bringing what a provider made into Cloud Storage: every file of a job, under our own names and types."""

from __future__ import annotations

import math
import time
from collections.abc import Mapping
from typing import Any

from studiox.integrations.providers import specs
from studiox.integrations.providers.protocol import File
from studiox.kit import config, log
from studiox.media import objects

Data = Mapping[str, Any]


def folder(job: Data) -> str:
    return f"users/{job['uid']}/creations/{job['jobId']}/"


def store_all(
    job: Data, files: tuple[File, ...], seconds: float, inline_bytes: int | None, last: bool
) -> list[dict[str, Any]]:
    """Every file, then every cover, under our own names (faults M10); the media items of the job.

    Of several files, one that is refused, or on the `last` attempt not to be had, is missing from them.
    """
    until = time.monotonic() + seconds
    items: list[dict[str, Any]] = []
    lost: objects.MediaError | None = None
    for number, file in enumerate(files):
        try:
            item = _item(_copy(job, number, file, until, inline_bytes), file)
        except objects.MediaDeferred:
            raise
        except objects.MediaError as error:
            if not last and not isinstance(error, objects.MediaRefused):
                raise
            tell = log.alert if isinstance(error, objects.MediaRefused) else log.warning
            tell("media_refused", jobId=job["jobId"], error=type(error).__name__)
            lost = error
            continue
        if file.image_url:
            cover = File(url=file.image_url, kind="image")
            try:
                item["imagePath"] = _copy(job, len(files) + number, cover, until, inline_bytes).path
            except (objects.MediaRefused, objects.MediaGone) as error:
                # A song is whole without its picture.
                log.warning("cover_not_taken", jobId=job["jobId"], error=type(error).__name__)
        items.append(item)
    if lost is not None and not items:
        raise lost
    return items


def _copy(job: Data, number: int, file: File, until: float, inline_bytes: int | None) -> objects.Stored:
    path = f"{folder(job)}{number}"
    if file.data:
        return objects.store_bytes(file.data, path)
    return objects.copy_from_url(
        file.url,
        path,
        allowed_hosts=config.listed(specs.MEDIA_HOSTS),
        max_bytes=config.MAX_MEDIA_BYTES.value,
        deadline_s=max(1.0, until - time.monotonic()),
        inline_bytes=inline_bytes,
    )


def _item(stored: objects.Stored, file: File) -> dict[str, Any]:
    item: dict[str, Any] = {"path": stored.path, "contentType": stored.content_type, "bytes": stored.size_bytes}
    if file.title:
        item["title"] = plain(file.title, 200)
    if file.duration_s is not None and math.isfinite(file.duration_s):
        item["durationSeconds"] = file.duration_s
    if file.tags:
        item["tags"] = [plain(tag, 50) for tag in file.tags[:20]]
    return item


def plain(text: str, most: int) -> str:
    """A vendor's text as one that Firestore takes: lone surrogates replaced, at most `most` characters."""
    return text[:most].encode("utf-8", "replace").decode()
