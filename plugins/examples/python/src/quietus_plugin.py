"""Protocol 1 for a quietus plugin in Python: this file, the standard library, and nothing else.

A plugin is a class with the methods that it supports, and `run(THE_CLASS)`. Whatever is answered says nothing about anybody:
no identifier belongs into a count's name, a reason, a message or a log line.
"""

import base64
import json
import os
import struct
import sys
import threading
import time

FRAME_BYTES_MAX = 1 << 20


class Failed(Exception):
    """Why a call failed. Raise one of the classes below."""

    error_class = "permanent"

    def __init__(self, message, retry_after_ms=None):
        super().__init__(message)
        self.error = {"class": self.error_class, "message": message}
        if retry_after_ms is not None:
            self.error["retry_after_ms"] = retry_after_ms


class Permanent(Failed):
    """The same call would fail again: it is parked."""


class Retryable(Failed):
    """It may work later."""

    error_class = "retryable"


class RateLimited(Failed):
    """The system wants fewer calls: `RateLimited("…", retry_after_ms=1000)`."""

    error_class = "rate_limited"


class NeedsOperator(Failed):
    """Every call would fail until a person acts."""

    error_class = "needs_operator"


class Cancelled(Failed):
    """The host no longer wants the answer; raised by `Call.check`."""

    error_class = "cancelled"


def erased(verify_after_s=None, **counts):
    """The data was there, and is gone."""
    answer = {"outcome": "erased", "counts": counts}
    return answer if verify_after_s is None else {**answer, "verify_after_s": verify_after_s}


def absent():
    """You looked, and there was nothing. Where you cannot look, raise NeedsOperator."""
    return {"outcome": "absent"}


def residual(verify_after_s=None, **counts):
    """It is there: what a dry run would erase, or what is still found. A dry run may say after how long it makes sense to look, once erased."""
    answer = {"outcome": "residual", "counts": counts}
    return answer if verify_after_s is None else {**answer, "verify_after_s": verify_after_s}


def retained(reason, **counts):
    """A law or a hold keeps it; the reason says which."""
    return {"outcome": "retained", "reason": reason, "counts": counts}


def unverifiable(reason):
    """Nobody can see whether it is there."""
    return {"outcome": "unverifiable", "reason": reason}


def record(created_ms=None, changed_ms=None, **identifiers):
    """One person of the system's for `sweep`: `record(email="ann@x.cz", created_ms=…)`; times in milliseconds since 1970 (UTC), left out where
    the system does not say them. Several values of a kind are a list."""
    pairs = [(kind, value) for kind, values in identifiers.items() for value in (values if isinstance(values, list) else [values])]
    shown = {"identifiers": [{"kind": kind, "value": value} for kind, value in pairs if value and value.strip()]}
    times = {"created_ms": created_ms, "changed_ms": changed_ms}
    return {**shown, **{name: at for name, at in times.items() if at is not None}}


def swept(records, next=None, not_looked_at=()):
    """A page of whom the system holds; `next` are the bytes that come as `request.cursor` with the next one, and are left out on the last."""
    page = {"records": list(records), "not_looked_at": list(not_looked_at)}
    return page if next is None else {**page, "next": base64.b64encode(next).decode()}


class Request:
    """What is asked."""

    def __init__(self, fields):
        fields = fields or {}
        self.fields = fields
        self.dry_run = bool(fields.get("dry_run"))
        self.idempotency_key = fields.get("idempotency_key", "")
        self.scope = fields.get("scope")
        self.region = fields.get("region")
        resume = fields.get("resume")
        self.resume = base64.b64decode(resume) if resume is not None else None
        # Of `sweep`.
        self.kinds, self.records_max = fields.get("kinds", []), fields.get("records_max", 0)
        cursor = fields.get("cursor")
        self.cursor = base64.b64decode(cursor) if cursor is not None else None

    def values(self, kind):
        """The values of one kind. A stranger has typed them: trust none."""
        return [one["value"] for one in self.fields["identifiers"] if one["kind"] == kind]


class Call:
    """A call under way."""

    def __init__(self, session, call_id, timeout_ms):
        self.session, self.id = session, call_id
        self.deadline = time.monotonic() + timeout_ms / 1000
        self.cancelled = threading.Event()
        self.stored = threading.Condition()
        self.answers = []

    def remaining_s(self):
        """The time that is left."""
        return self.deadline - time.monotonic()

    def check(self):
        """Raises when the host no longer wants the answer. Ask before each act that cannot be undone."""
        if self.cancelled.is_set() or self.remaining_s() <= 0:
            raise Cancelled("cancelled")

    def log(self, level, text):
        """Writes a line into quietus's log: `error`, `warn`, `info` or `debug`."""
        self.session.say({"type": "log", "id": self.id, "level": level, "text": text})

    def checkpoint(self, value):
        """Has the host store bytes, which come as `request.resume` with the next call of the same step, whatever becomes of
        this process; for a plugin with `resumes = True`. Raises when they are not stored: then act no further. `False`: this
        host stores nothing."""
        if "resume" not in self.session.features:
            return False
        with self.stored:
            waiting_for = len(self.answers) + 1
            self.session.say({"type": "resume", "id": self.id, "value": base64.b64encode(value).decode()})
            while len(self.answers) < waiting_for:
                self.check()
                self.stored.wait(min(0.1, max(self.remaining_s(), 0)))
            if not self.answers[-1]:
                raise Retryable("what was done so far could not be stored")
        return True

    def answered(self, is_stored):
        with self.stored:
            self.answers.append(is_stored)
            self.stored.notify()


class Plugin:
    """What a plugin derives from. Methods (`erase`, `verify`, `find`, `sweep`, `health`, `dry_run`) get a Request and a Call, and return an
    answer or raise a Failed; an OSError is a Retryable, or with `"idempotent": False` a Permanent. A dry run is never given to
    `erase`: it is `dry_run`, which changes nothing and answers with what would go."""

    # As PLUGINS.md has it in `Manifest`; `operations` follow from the methods, and `config_schema` refuses keys that it does not name.
    manifest = {}
    # Whether `call.checkpoint` is used.
    resumes = False

    def __init__(self, config, secrets):
        """Raises NeedsOperator where the configuration does not work; without repeating a value of it."""
        self.config, self.secrets = config, secrets


METHODS = ("erase", "verify", "find", "sweep", "health")


class Session:
    """The conversation with the host. Calls run in threads, so that it can cancel them."""

    def __init__(self, plugin_class, reader, writer):
        self.plugin_class, self.plugin = plugin_class, None
        self.reader, self.writer = reader, writer
        self.writing = threading.Lock()
        self.calls = {}  # id -> (thread, call)
        self.features = []
        self.methods = [method for method in METHODS if hasattr(plugin_class, method)]

    def run(self):
        """Hears the host out, until it says `shutdown` or its end of the stream is closed."""
        while (message := self.read()) is not None:
            kind, call_id = message.get("type"), message.get("id")
            _, call = self.calls.get(call_id, (None, None))
            if kind == "hello":
                self.features = message.get("features") or []
                self.say({"type": "hello", "protocol": 1, "minor": 1, "manifest": self.manifest(), "facts": {}})
            elif kind == "configure":
                self.configure(message)
            elif kind in self.methods:
                self.begin(kind, message)
            elif kind == "cancel":
                if call:
                    call.cancelled.set()
            elif kind in ("resume_stored", "resume_refused"):
                if call:
                    call.answered(kind == "resume_stored")
            elif kind == "shutdown":
                # Each is there until its answer is said.
                for thread, _ in list(self.calls.values()):
                    thread.join()
                return
            elif kind != "unsupported":
                self.say({"type": "unsupported", "id": call_id, "what": str(kind)})
        for _, call in list(self.calls.values()):
            call.cancelled.set()
        os._exit(0)  # The host is gone, and nobody waits for an answer.

    def manifest(self):
        more = {"dry_run": hasattr(self.plugin_class, "dry_run"), "resume": self.plugin_class.resumes}
        operations = self.methods + [name for name, is_there in more.items() if is_there]
        manifest = {"operations": operations, **self.plugin_class.manifest}
        # An operator's typing error is to be noticed.
        schema = {"type": "object", "additionalProperties": False, **manifest.get("config_schema", {})}
        return {**manifest, "config_schema": schema}

    def configure(self, message):
        config = message.get("config")
        try:
            if not isinstance(config, dict):
                raise NeedsOperator("config is not a table")
            self.plugin = self.plugin_class(config, message.get("secrets") or {})
            self.say({"type": "ready"})
        except Failed as e:
            self.say({"type": "error", "error": e.error})
        except Exception as e:  # Its text may be secret, so it is not repeated.
            self.say({"type": "error", "error": NeedsOperator(f"the configuration fails ({type(e).__name__})").error})

    def begin(self, kind, message):
        call = Call(self, message["id"], message.get("timeout_ms", 0))
        thread = threading.Thread(target=self.call, args=(kind, message.get("request"), call))
        self.calls[call.id] = (thread, call)
        thread.start()

    def call(self, kind, request, call):
        """Makes one call, and answers it exactly once."""
        try:
            if self.plugin is None:
                raise Permanent("the plugin is not configured")
            call.check()
            request = Request(request)
            method = "dry_run" if kind == "erase" and request.dry_run else kind
            if not hasattr(self.plugin, method):
                raise Permanent("the plugin knows no dry runs")
            result = getattr(self.plugin, method)(request, call)
            answer = {"type": "result", "id": call.id, "result": result or {}}
        except Failed as e:
            answer = {"type": "error", "id": call.id, "error": e.error}
        except OSError as e:  # Its text may hold a path; what the system says passes mostly.
            why = os.strerror(e.errno) if e.errno else type(e).__name__
            # What must not be asked twice may have been done in part.
            kind_of = Retryable if self.plugin_class.manifest.get("idempotent", True) else Permanent
            answer = {"type": "error", "id": call.id, "error": kind_of(f"the system says: {why}").error}
        except Exception as e:  # Its text may be personal, so it is not repeated.
            answer = {"type": "error", "id": call.id, "error": Permanent(f"the plugin failed ({type(e).__name__})").error}
        self.say(answer)
        self.calls.pop(call.id, None)

    def read(self):
        """One message; None at the end of the stream, or when it makes no sense any more."""
        header = self.reader.read(4)
        length = struct.unpack(">I", header)[0] if len(header) == 4 else 0
        if not 1 <= length <= FRAME_BYTES_MAX:
            return None
        try:
            message = json.loads(self.reader.read(length))
        except ValueError:
            return None
        return message if isinstance(message, dict) else None

    def say(self, message):
        """Writes one frame: four bytes of length, big-endian, then a JSON object."""
        body = json.dumps(message).encode()
        try:
            with self.writing:
                self.writer.write(struct.pack(">I", len(body)) + body)
                self.writer.flush()
        except OSError:
            os._exit(0)  # The host is gone.


def run(plugin_class):
    """Speaks with the host on standard input and output; a stray print goes to standard error."""
    stream = sys.stdout.buffer
    sys.stdout = sys.stderr
    Session(plugin_class, sys.stdin.buffer, stream).run()
