"""Storing what a provider made: every file of a job in Cloud Storage, and the entry of its owner's library."""

from __future__ import annotations

import math
import time

from msgspec.structs import replace

from studiox.integrations.providers import specs
from studiox.integrations.providers.protocol import File
from studiox.kit import config, log
from studiox.kit.clock import datetime
from studiox.kit.texts import plain_name, shortened
from studiox.media import objects
from studiox.models.creations import Creation
from studiox.models.jobs import Job
from studiox.models.media_files import MediaFile

MAX_TITLE = 100


def folder(job: Job) -> str:
    """The folder of the job's files in Cloud Storage."""
    return f"users/{job.uid}/creations/{job.job_id}/"


def store_all(
    job: Job, files: tuple[File, ...], seconds: float, inline_bytes: int | None, last: bool
) -> list[MediaFile]:
    """Store every file with its cover under our own names (fault M10), within `seconds`; the job's media files.

    Refused files are omitted, and on the `last` attempt unavailable ones. objects.MediaError if none is left.
    `inline_bytes`: the most that a call may copy that a client waits for; objects.MediaDeferred above that.
    """
    until = time.monotonic() + seconds
    items: list[MediaFile] = []
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
            tell("media_refused", jobId=job.job_id, error=type(error).__name__)
            lost = error
            continue
        if file.image_url:
            cover = File(url=file.image_url, kind="image")
            try:
                item = replace(item, image_path=_copy(job, len(files) + number, cover, until, inline_bytes).path)
            except (objects.MediaRefused, objects.MediaGone) as error:
                # A song is complete without its cover.
                log.warning("cover_not_taken", jobId=job.job_id, error=type(error).__name__)
        items.append(item)
    if lost is not None and not items:
        raise lost
    return items


def _copy(job: Job, number: int, file: File, until: float, inline_bytes: int | None) -> objects.Stored:
    path = f"{folder(job)}{number}"
    if file.data:
        return objects.store_bytes(file.data, path, mark=_mark(job))
    return objects.copy_from_url(
        file.url,
        path,
        allowed_hosts=specs.media_hosts(),
        max_bytes=config.MAX_MEDIA_BYTES.value,
        deadline_s=max(1.0, until - time.monotonic()),
        inline_bytes=inline_bytes,
        mark=_mark(job),
    )


def _mark(job: Job) -> objects.Mark:
    """What the job's files say about their origin. An edit of a person's own upload is not the model's work alone."""
    of_upload = any(path.split("/")[2:3] == ["uploads"] for path in job.params.get("inputPaths") or ())
    composite = of_upload and job.type == "edit"
    return objects.Mark("compositeWithTrainedAlgorithmicMedia" if composite else "trainedAlgorithmicMedia", of_upload)


def _item(stored: objects.Stored, file: File) -> MediaFile:
    duration = file.duration_s
    return MediaFile(
        path=stored.path,
        content_type=stored.content_type,
        bytes=stored.size_bytes,
        title=storable_text(file.title, 200) if file.title else None,
        duration_seconds=duration if duration is not None and math.isfinite(duration) else None,
        tags=[storable_text(tag, 50) for tag in file.tags[:20]] if file.tags else None,
    )


def storable_text(text: str, most: int) -> str:
    """A vendor's text as Firestore takes it: at most `most` characters, lone surrogates replaced."""
    return text[:most].encode("utf-8", "replace").decode()


def title_of(job: Job) -> str:
    """The provider's title, else the prompt: reduced to what an owner might enter as a title."""
    prompt = str(job.params.get("prompt") or "")
    given = [job.title, *(file.title for file in job.media), prompt]
    titles = [title for each in given if (title := plain_name(each or ""))]
    return shortened(titles[0] if titles else prompt, MAX_TITLE)


def creation_of(job: Job, now: datetime) -> Creation:
    """The library entry of a completed job, under the job's id."""
    return Creation(
        creation_id=job.job_id,
        job_id=job.job_id,
        uid=job.uid,
        title=title_of(job),
        type=job.type,
        model=job.model,
        prompt=job.params["prompt"],
        params=job.params,
        media=job.media,
        is_favorite=False,
        play_count=0,
        created_at=now,
        updated_at=now,
        text=job.text,
        sources=job.sources,
        rating=job.rating,
    )
