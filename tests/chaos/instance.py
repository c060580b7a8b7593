"""What an instance serves: every function of main.py, at the path of its name. functions-framework loads this file.

Nothing of `functions/` is replaced but the source of the time, which the run moves ahead, and each instance's is off by
a little. gunicorn's master imports everything, so that a new worker serves at once, in 20 ms instead of 350. The worker
notes its process id, because it is the worker that is killed.
"""

from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import flask
from werkzeug.exceptions import NotFound

import main
from local.stack import settings
from local.stack.server import lazy
from studiox.kit import clock
from tests.chaos.shared_time import SharedTime

_time = SharedTime(Path(os.environ["CHAOS_TIME"]))
_skew = timedelta(seconds=float(os.environ["CHAOS_SKEW_S"]))
_pid = Path(os.environ["CHAOS_PID"])


def _now() -> datetime:
    return datetime.fromtimestamp(_time.now(), UTC) + _skew


def _note_pid() -> None:
    new = _pid.with_suffix(".new")
    new.write_text(str(os.getpid()))
    new.replace(_pid)


lazy.load_all(settings.ROOT / "functions")
clock.now = _now
os.register_at_fork(after_in_child=_note_pid)


def serve(request: flask.Request) -> Any:
    function = getattr(main, request.path.strip("/").partition("/")[0], None)
    if function is None or not hasattr(function, "__firebase_endpoint__"):
        raise NotFound
    return function(request)
