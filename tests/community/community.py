"""The community as a test drives it: its people, what they made, and what must hold of everything public."""

from __future__ import annotations

import itertools
from collections import Counter
from datetime import timedelta
from typing import Any

import main
from studiox.kit.documents import encode
from studiox.models.media_files import MediaFile
from studiox.models.posts import PostState
from tests.conftest import forget_all
from tests.media.servers import Gcs, png
from tests.support import Answer, Database, Reply, Rpcs, call, jobs, private_text, schedule, task
from tests.support import posts as stored
from tests.support.clock import Clock
from tests.support.people import user_data
from tests.support.queue import Queue

_numbers = itertools.count()
CLEAN_UP: Any = main.cleanUp  # the SDK types it as what it answers
DISPATCH: Any = main.dispatchStudioJobs

# The fields of a public document (docs/client.md), and not one more.
POST_FIELDS = {
    *("postId", "uid", "authorName", "authorPhotoUrl", "type", "model", "caption", "tags", "params", "prompt", "media"),
    *("likeCount", "commentCount", "remixCount", "remixOf", "sources", "hidden", "rating", "score", "createdAt"),
}
ITEM_FIELDS = {"path", "contentType", "bytes", "title", "durationSeconds", "tags", "imagePath"}
ITEM_FIELDS |= {"width", "height", "thumbnail", "waveform"}
COMMENT_FIELDS = {"commentId", "uid", "authorName", "text", "createdAt"}
PUBLIC_PARAMS = {"negativePrompt", "style", "color", "size", "aspectRatio", "durationSeconds", "resolution"}


class Community:
    """One deployment, and `secrets`: what no public document may hold."""

    def __init__(self, database: Database, rpcs: Rpcs, clock: Clock, gcs: Gcs, queue: Queue) -> None:
        self.database, self.rpcs, self.clock, self.gcs, self.queue = database, rpcs, clock, gcs, queue
        self.secrets: set[str] = set()

    def user(self, uid: str, **fields: Any) -> str:
        self.secrets.add(f"{uid}@canary.test")
        about = {"name": uid.title(), "welcome": "granted", **fields}
        self.database.put(f"users/{uid}", user_data(f"{uid}@canary.test", self.clock.now(), **about))
        return uid

    def creation(self, uid: str = "ann", *, files: int = 1, secret: bool = False, **fields: Any) -> str:
        """A finished creation as the settlement writes it, its job, its session and its files."""
        id_ = f"creation{next(_numbers):06d}"
        prompt = private_text() if secret else f"a fox, number {id_}"
        if secret:
            self.secrets.add(prompt)
        upload = f"users/{uid}/uploads/holiday.png"
        self.secrets |= {upload, "poyo-task-1"}
        params = {"prompt": prompt, "size": "512x512", "style": "anime", "inputPaths": [upload], "unheardOf": "x"}
        media = []
        for number in range(files):
            path = f"users/{uid}/creations/{id_}/{number}.png"
            self.gcs.put_object(path, png(500), {"contentType": "image/png"})
            media.append(MediaFile(path=path, content_type="image/png", bytes=500, title=prompt[:200]))
        now = self.clock.now()
        made: dict[str, Any] = {"params": params, "media": media, "created_at": now, "updated_at": now}
        creation = jobs.creation(id_, uid, prompt=prompt, title=prompt[:100], **made)
        self.database.put(f"creations/{id_}", {**creation, **fields})
        self.database.put(f"jobs/{id_}", jobs.job(id_, uid, creation_id=id_, **made))
        self.database.put(f"jobs/{id_}/private/state", jobs.state(uid, task_id="poyo-task-1"))
        return id_

    def call(self, name: str, caller: str | None = None, /, *, admin: bool = False, **data: Any) -> Answer:
        return call(getattr(main, name), data, uid=caller, admin=admin)

    def ok(self, name: str, caller: str | None = None, /, *, admin: bool = False, **data: Any) -> Any:
        answer = self.call(name, caller, admin=admin, **data)
        assert answer.ok, (name, answer)
        return answer.result

    def elsewhere(self, name: str, caller: str, /, **data: Any) -> None:
        """The same on another instance, which shares no queue and no cache with this one."""
        forget_all()
        self.ok(name, caller, **data)

    def published(self, uid: str = "ann", *, files: int = 1, secret: bool = False, **data: Any) -> str:
        id_ = self.creation(uid, files=files, secret=secret)
        return str(self.ok("publishPost", uid, creationId=id_, **data)["postId"])

    def seeded(self, uid: str = "ann", **fields: Any) -> str:
        """A post written past the code under test: for tests that need many."""
        id_ = f"post{next(_numbers):06d}"
        media = [MediaFile(path=f"posts/{id_}/0.png", content_type="image/png", bytes=500)]
        self.gcs.put_object(f"posts/{id_}/0.png", png(500), {"contentType": "image/png"})
        written = {"media": media, "created_at": self.clock.now(), **fields}
        self.database.put(f"posts/{id_}", stored.post(id_, uid, **written))
        self.database.put(f"posts/{id_}/private/state", encode(PostState(post_id=id_, uid=uid, reports=0)))
        return id_

    def post(self, post_id: str) -> dict[str, Any]:
        return self.database.need(f"posts/{post_id}")

    def request_id(self) -> str:
        return f"request-{next(_numbers):012d}"

    def comment(self, uid: str, post_id: str, text: str = "nice") -> str:
        return str(self.ok("commentPost", uid, postId=post_id, text=text, requestId=self.request_id())["commentId"])

    def feed(self, caller: str | None = None, /, **asked: Any) -> list[str]:
        return [post["postId"] for post in self.ok("getFeed", caller, **asked)["posts"]]

    def public_files(self, post_id: str) -> list[str]:
        return sorted(path for path in self.gcs.objects if path.startswith(f"posts/{post_id}/"))

    def clean_up(self, kind: str, id_: str) -> Reply:
        return task(CLEAN_UP, {"kind": kind, "id": id_})

    def run_queue(self) -> list[Reply]:
        return self.queue.run({"cleanUp": CLEAN_UP})

    def wait(self, minutes: float = 40) -> None:
        """Time passes, the dispatcher runs, the queue is worked off."""
        self.clock.ahead += timedelta(minutes=minutes)
        assert schedule(DISPATCH).status == 200
        self.run_queue()

    def left_of(self, post_id: str) -> list[str]:
        """Every document that still speaks of the post, but for its creation's and the logs of what happened."""
        kept: tuple[str, ...] = (
            "auditLogs/",
            "rateLimits/",
            "creations/",
            "jobs/",
            "sessions/",
            "commentRequests/",
            "users/",
        )
        if self.database.get(f"creations/{post_id}") is not None:
            kept += ("reports/", "moderation/")
        return [
            path
            for path, data in self.database.all().items()
            if not path.startswith(kept) and (post_id in path or post_id in str(data.get("postId")))
        ]

    def check(self) -> None:
        """What must hold of every public document and file, and of every count."""
        everything = self.database.all()
        posts = {
            path[6:]: data for path, data in everything.items() if path.startswith("posts/") and path.count("/") == 1
        }
        said = {path: data for path, data in everything.items() if path.startswith("posts/") and "/comments/" in path}
        for post_id, post in posts.items():
            assert set(post) <= POST_FIELDS, (post_id, set(post) - POST_FIELDS)
            assert set(post.get("params", {})) <= PUBLIC_PARAMS
            for item in post["media"]:
                assert set(item) <= ITEM_FIELDS
                assert item["path"].startswith(f"posts/{post_id}/")
        for path, comment in said.items():
            assert set(comment) <= COMMENT_FIELDS, path
        for path, data in {**posts, **said}.items():
            shown = [secret for secret in self.secrets if secret in str(data)]
            assert not shown, (path, shown)
        likes = Counter(data["postId"] for path, data in everything.items() if path.startswith("likes/"))
        comments = Counter(path.split("/")[1] for path in said)
        for post_id, post in posts.items():
            assert post["likeCount"] == likes[post_id], (post_id, post["likeCount"], likes[post_id])
            assert post["commentCount"] == comments[post_id], post_id
            if post["hidden"]:
                continue
            for item in post["media"]:
                assert item["path"] in self.gcs.objects, item["path"]
