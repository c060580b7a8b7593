"""What every test is written with: calls to deployed functions, the database, the wire, the canaries."""

from .calls import ABSENT, Answer, Reply, before_create, call, http, id_token, schedule, send, task, unsigned
from .canaries import plant, private_text
from .crowd import crowd
from .database import Database
from .rpcs import Rpcs

__all__ = [
    "ABSENT",
    "Answer",
    "Database",
    "Reply",
    "Rpcs",
    "before_create",
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
