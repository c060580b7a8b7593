"""Round trips to Firestore per call, counted on the wire in a separate process, beside their budgets."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import Any

from bench.stage import HERE, ORDER, Peer, Stage
from bench.table import counts

PEER = Peer("roundtrips", "demo-bench-trips", "", ORDER)


def run(stage: Stage, *, quick: bool) -> None:  # noqa: ARG001 - counting is always quick
    stage.user(PEER, "u1")
    stage.user(PEER, "poor", balance=0)
    env = {**os.environ, "GCLOUD_PROJECT": PEER.project, "PYTHONPATH": f"{HERE.parent}:{HERE.parent / 'functions'}"}
    done = subprocess.run(
        [sys.executable, "-m", "bench.roundtrips"], env=env, capture_output=True, text=True, timeout=60
    )
    if done.returncode != 0:
        raise RuntimeError(done.stderr[-2000:])
    rows = [(name, trips, most) for name, trips, most in json.loads(done.stdout.splitlines()[-1])]
    counts("Round trips to Firestore", rows)


def main() -> None:
    """Count the round trips. Runs in the watched process."""
    from tests.support.rpcs import Rpcs, watch

    rpcs = Rpcs()
    watch(lambda: rpcs, setattr)
    import main as deployed
    from tests.support import budgets
    from tests.support.calls import call
    from tests.support.database import Database
    from tests.support.posts import post

    database = Database()
    rows: list[tuple[str, int, int]] = []
    number = iter(range(1000))

    def order(uid: str = "u1", request: int | None = None) -> Any:
        id_ = next(number) if request is None else request
        return call(deployed.createStudioJob, {**ORDER, "requestId": f"trip-{id_:016d}"}, uid=uid)

    def count(function: str, case: str, act: Any, reason: str | None = None) -> Any:
        rpcs.reset()
        answer = act()
        what = f"{function}, {case}"
        if answer.reason != reason:
            raise RuntimeError(f"{what}: {answer}")
        trips = list(rpcs.calls)
        if forbidden := {"BeginTransaction", "Rollback"} & set(trips):
            raise RuntimeError(f"{what}: {forbidden}")
        rows.append((what, len(trips), budgets.most(function, case)))
        return answer

    call(deployed.getStudioOptions, {})  # most calls find the catalogue cached, for a minute
    count("createStudioJob", "cold", order)
    job_id = count("createStudioJob", "warm", order).result["jobId"]
    count("createStudioJob", "replay", lambda: order(request=1))
    count("createStudioJob", "refusal", lambda: order("poor"), "InsufficientTokens")
    call(deployed.getUserBalance, {}, uid="u1")  # reserves a share of the rate limit for later calls
    count("getUserBalance", "warm", lambda: call(deployed.getUserBalance, {}, uid="u1"))
    call(deployed.cancelStudioJob, {"jobId": job_id}, uid="u1")
    call(deployed.getJobStatus, {"jobId": job_id}, uid="u1")
    count("getJobStatus", "settled", lambda: call(deployed.getJobStatus, {"jobId": job_id}, uid="u1"))
    database.put("posts/post1", post("post1", "u2"))
    count("likePost", "cold", lambda: call(deployed.likePost, {"postId": "post1"}, uid="u1"))
    print(json.dumps(rows))


if __name__ == "__main__":
    main()
