"""What every test is written with: calls to deployed functions, the database, the wire, the canaries."""

from tests.support import budgets
from tests.support.calls import (
    ABSENT,
    Answer,
    Reply,
    before_create,
    call,
    http,
    id_token,
    schedule,
    send,
    task,
    unsigned,
)
from tests.support.canaries import plant, private_text
from tests.support.crowd import crowd
from tests.support.database import Database
from tests.support.rpcs import Rpcs

__all__ = [
    "ABSENT",
    "Answer",
    "Database",
    "Reply",
    "Rpcs",
    "before_create",
    "budgets",
    "call",
    "crowd",
    "http",
    "id_token",
    "plant",
    "private_text",
    "schedule",
    "send",
    "task",
    "unsigned",
]
