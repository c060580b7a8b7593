"""The Poyo stand-in's HTTP interface: requests and responses in the formats of Poyo's own repositories, and faults."""

from __future__ import annotations

import contextlib
import json
import re
import socket
import struct
import urllib.parse
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler
from typing import Any

import msgspec

from local.vendors.poyo import plans
from local.vendors.poyo.files import CHUNK, EXTENSIONS, Download, content, download
from local.vendors.poyo.plans import Match, Plan
from local.vendors.poyo.state import State
from local.vendors.poyo.tasks import kind_of, missing, prompt_of

MAX_BODY = 1 << 20
HTML = b"<!doctype html><html><head><title>Bad gateway</title></head><body><h1>Sorry</h1></body></html>"
_FILE = re.compile(r"/files/([^/]+)/(cover)?([0-9]+)\.(png|mp4|mp3)")


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = -1  # send head and body in one packet
    timeout = 60
    poyo: State  # set by the server's own subclass

    def log_message(self, format: str, *args: Any) -> None:
        """Log nothing: a request line contains URLs, and prompts must not be logged."""

    def do_GET(self) -> None:
        path, _, query = self.path.partition("?")
        given = {name: values[0] for name, values in urllib.parse.parse_qs(query).items()}
        if path.startswith("/_/"):
            self._control_get(path)
        elif path.startswith("/files/"):
            self._file(path, given)
        elif not self._authorized():
            self._error(401, "authentication_error", "Invalid API key")
        elif path.startswith("/api/generate/status/"):
            self._status(urllib.parse.unquote(path.removeprefix("/api/generate/status/")), music=False)
        elif path == "/api/generate/detail/music":
            self._status(given.get("task_id", ""), music=True)
        elif path == "/api/user/balance":
            data = {"email": "studio@example.com", "credits_amount": self.poyo.balance()}
            self._json(200, {"code": 200, "data": data})
        else:
            self._error(404, "resource_not_found_error", "Not found")

    def do_POST(self) -> None:
        body = self._body()
        if body is None:
            self._error(400, "validation_error", "The body is no JSON object")
        elif self.path.startswith("/_/"):
            self._control_post(self.path, body)
        elif not self._authorized():
            self._error(401, "authentication_error", "Invalid API key")
        elif self.path == "/api/generate/submit":
            self._submit(body)
        else:
            self._error(404, "resource_not_found_error", "Not found")

    # Poyo's API

    def _submit(self, body: dict[str, Any]) -> None:
        poyo, key = self.poyo, self.headers.get("Idempotency-Key", "")
        model, given = body.get("model"), body.get("input")
        poyo.note_order(body, key)
        poyo.tasks_kept.sent(key)
        if not isinstance(model, str) or not isinstance(given, dict):
            return self._error(400, "validation_error", "model and input are required")
        kind = kind_of(model)
        plan = poyo.plans.take(model, prompt_of(given))
        if plan.answer == "ok" and kind is None:
            return self._error(404, "resource_not_found_error", f"The model {model[:64]} does not exist")
        if plan.answer == "ok" and (lacks := missing(model, given)):
            return self._error(400, "validation_error", f"input.{lacks} is required")
        if plan.delay_s:
            poyo.closed.wait(plan.delay_s)
        task = None
        if plan.accepted:
            url = body.get("callback_url")
            task = poyo.accept(model, kind or "image", given, key, url if isinstance(url, str) else "", plan)
        if plan.answer != "ok" or task is None:
            return self._wrong(plan.answer, plan.status, plan.code, plan.retry_after, plan)
        created = task.created.strftime("%Y-%m-%dT%H:%M:%S")
        data = {"task_id": task.id, "status": "not_started", "created_time": created}
        return self._json(200, {"code": 200, "data": data})

    def _status(self, task_id: str, *, music: bool) -> None:
        task = self.poyo.tasks_kept.find(task_id)
        if task is None:
            return self._error(404, "resource_not_found_error", "Task not found")
        plan = task.plan
        if plan.poll_answer and (not plan.poll_times or task.wrong_polls < plan.poll_times):
            task.wrong_polls += 1
            return self._wrong(plan.poll_answer, plan.poll_status, plan.poll_code, plan.poll_retry_after, plan)
        if task.is_suno != music:
            # Third-party clients report this answer.
            right = "detail/music" if task.is_suno else "status"
            return self._error(400, "validation_error", f"Use /api/generate/{right} for this task")
        if task.state(self.poyo.tasks_kept.now())[0] == "finished":
            task.polls += 1
        return self._json(200, {"code": 200, "data": self.poyo.data(task)})

    def _wrong(self, answer: str, status: int, code: int | None, retry_after: str, plan: Plan) -> None:
        """Send a faulty response."""
        headers = {"Retry-After": retry_after} if retry_after else {}
        match answer:
            case "error" if plan.detail:
                self._json(status, {"detail": [{"loc": ["body", "input"], "msg": plan.message, "type": "value_error"}]})
            case "error":
                refusal = self.refusal(status if code is None else code, plan.error_type, plan.message)
                self._json(status, refusal, headers)
            case "html":
                self._send(status, {"Content-Type": "text/html", **headers}, HTML)
            case "garbage":
                self._send(200, {"Content-Type": "application/json"}, b'{"code":200,"data":{"task_id":"task-uni')
            case "empty":
                self._json(200, {"code": 200, "data": {"status": "not_started"}})
            case "nothing":
                self._send(200, {}, b"")
            case "redirect":
                self._send(status if 300 <= status < 400 else 302, {"Location": plan.redirect_to}, b"")
            case "huge":
                self._json(200, {"code": 200, "data": {"task_id": "task-unified-huge", "padding": "x" * (4 << 20)}})
            case "hang":
                self.poyo.closed.wait(plan.hang_s)
                self._drop()
            case "drop":
                self._drop()

    # Files

    def _file(self, path: str, given: dict[str, str]) -> None:
        match = _FILE.fullmatch(path)
        task = self.poyo.tasks_kept.find(match[1]) if match else None
        if match is None or task is None or int(match[3]) >= max(1, task.count):
            return self._send(404, {"Content-Type": "application/xml"}, b"<Error>NoSuchKey</Error>")
        if self.poyo.expired(given.get("expires", "")):
            return self._send(403, {"Content-Type": "application/xml"}, b"<Error>AccessDenied</Error>")
        number, cover = int(match[3]), match[2] is not None
        kind = "cover" if cover else task.kind
        data = content(kind, task.words, number, task.ratio)
        seen = task.downloads[path] = task.downloads.get(path, 0) + 1
        faulty = not cover and (not task.plan.file_times or seen <= task.plan.file_times)
        faulty = faulty and (not task.plan.bad_files or number < task.plan.bad_files)
        start = re.fullmatch(r"bytes=([0-9]{1,12})-", self.headers.get("Range", ""))
        plan = task.plan if faulty else Plan()
        return self._stream(download(data, EXTENSIONS[kind], plan, int(start[1]) if start else 0))

    def _stream(self, answer: Download) -> None:
        """Send the file, even if its body has another length than announced, and close the connection."""
        self.send_response(answer.status)
        chunked = answer.length is None
        for name, value in {**answer.headers, "Connection": "close"}.items():
            self.send_header(name, value)
        self.send_header(*(("Transfer-Encoding", "chunked") if chunked else ("Content-Length", str(answer.length))))
        self.end_headers()
        self.close_connection = True
        with contextlib.suppress(OSError):  # clients may disconnect early
            for piece in answer.body:
                for at in range(0, len(piece), CHUNK):
                    part = piece[at : at + CHUNK]
                    self.wfile.write(f"{len(part):x}\r\n".encode() + part + b"\r\n" if chunked else part)
                if self.poyo.closed.wait(answer.pause_s) if answer.pause_s else self.poyo.closed.is_set():
                    return
            if chunked:
                self.wfile.write(b"0\r\n\r\n")
            self.wfile.flush()

    # The developer's controls

    def _control_get(self, path: str) -> None:
        answers: dict[str, Callable[[], Any]] = {
            "/_/charges": self.poyo.charges,
            "/_/tasks": self.poyo.tasks,
            "/_/orders": self.poyo.orders,
            "/_/callbacks": self.poyo.callbacks,
            "/_/faults": lambda: plans.FAULTS,
        }
        if path in answers:
            self._json(200, answers[path]())
        else:
            self._json(404, {"error": f"there are {', '.join(answers)}"})

    def _control_post(self, path: str, body: dict[str, Any]) -> None:
        try:
            match path:
                case "/_/plan":
                    self._plan(dict(body))
                case "/_/advance":
                    self.poyo.advance(float(body["seconds"]))
                case "/_/reset":
                    self.poyo.reset()
                case _:
                    return self._json(404, {"error": "there are /_/plan, /_/advance, /_/reset"})
        except (KeyError, TypeError, ValueError, msgspec.ValidationError) as error:
            return self._json(400, {"error": str(error)})
        return self._json(200, {"ok": True})

    def _plan(self, body: dict[str, Any]) -> None:
        match = msgspec.convert(body.pop("match", {}), Match)
        times, fault = body.pop("times", 1), body.pop("fault", ())
        self.poyo.plan(*([fault] if isinstance(fault, str) else fault), match=match, times=times, **body)

    # The wire

    def _authorized(self) -> bool:
        return self.headers.get("Authorization", "") == f"Bearer {self.poyo.api_key}"

    def _body(self) -> dict[str, Any] | None:
        length = self.headers.get("Content-Length", "0")
        if not (length.isascii() and length.isdigit() and int(length) <= MAX_BODY):
            self.close_connection = True
            return None
        try:
            body = json.loads(self.rfile.read(int(length)) or b"{}")
        except (ValueError, RecursionError):
            return None
        return body if isinstance(body, dict) else None

    def _error(self, status: int, error_type: str, message: str) -> None:
        self._json(status, self.refusal(status, error_type, message))

    def refusal(self, code: int, error_type: str, message: str) -> dict[str, Any]:
        """An error in the vendor's format."""
        return {"code": code, "error": {"message": message, "type": error_type}}

    def _json(self, status: int, body: Any, headers: dict[str, str] | None = None) -> None:
        self._send(status, {"Content-Type": "application/json", **(headers or {})}, json.dumps(body).encode())

    def _send(self, status: int, headers: dict[str, str], body: bytes) -> None:
        self.send_response(status)
        for name, value in {**headers, "Content-Length": str(len(body))}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def _drop(self) -> None:
        """Reset the connection: with a linger time of 0, closing sends a RST."""
        self.close_connection = True
        with contextlib.suppress(OSError):
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self.connection.close()
