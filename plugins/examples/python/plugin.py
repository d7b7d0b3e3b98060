#!/usr/bin/env python3
"""A plugin for quietus: deletes {folder}/{guest_id}.json.

Speaks protocol 1: four bytes of length, big-endian, then a JSON object, both ways, on standard input and output. Calls
run in threads, so that the host can cancel them. Nothing here prints an identifier.
"""

import json
import os
import re
import struct
import sys
import threading
import time

FRAME_BYTES_MAX = 1 << 20
PLAIN = re.compile(r"[A-Za-z0-9_-]{1,200}")
MANIFEST = {
    "name": "folder-python",
    "version": "1.0.0",
    "identifiers": {"required": ["guest_id"]},
    "operations": ["erase", "verify", "health", "dry_run"],
    "writes_from": ["/folder"],
    "max_concurrency": 4,
    "config_schema": {
        "type": "object",
        "required": ["folder"],
        "additionalProperties": False,
        "properties": {"folder": {"type": "string", "minLength": 1}},
    },
}


class Failed(Exception):
    """Why a call failed: a class of the protocol, and a message about nobody."""

    def __init__(self, error_class, message):
        super().__init__(message)
        self.error = {"class": error_class, "message": message}


class Folder:
    """What the plugin does. `check` raises when the host no longer wants the answer."""

    def __init__(self, config):
        folder = config.get("folder") if isinstance(config, dict) else None
        if not isinstance(folder, str) or not folder or "\0" in folder:
            raise Failed("needs_operator", "config.folder is not a path")
        self.folder = folder

    def erase(self, request, check, log):
        if request.get("dry_run"):
            return self.verify(request, check, log)
        files = self._each(request, check, os.unlink)
        if files:
            log("info", f"deleted {files} files")
        return {"outcome": "erased", "counts": {"files": files}} if files else {"outcome": "absent"}

    def verify(self, request, check, _log):
        files = self._each(request, check, os.lstat)
        return {"outcome": "residual", "counts": {"files": files}} if files else {"outcome": "absent"}

    def health(self, _request, _check, _log):
        self._is_there()
        return {}

    def _is_there(self):
        """Where nobody can look, nothing is `absent`: that would be signed, for a folder whose name has a typo."""
        if not os.path.isdir(self.folder) or not os.access(self.folder, os.W_OK | os.X_OK):
            raise Failed("needs_operator", "the folder is not there, or may not be changed")

    def _each(self, request, check, act):
        """Acts on the files that are there, and counts them. Other ids than plain ones cannot name a file here."""
        self._is_there()
        ids = [i["value"] for i in request["identifiers"] if i["kind"] == "guest_id" and PLAIN.fullmatch(i["value"])]
        files = 0
        for guest_id in ids:
            check()
            try:
                act(os.path.join(self.folder, guest_id + ".json"))
                files += 1
            except FileNotFoundError:
                pass
            except OSError as e:  # Its text holds the path.
                raise Failed("retryable", f"cannot {act.__name__}: {os.strerror(e.errno)}") from None
        return files


class Session:
    """The conversation with the host."""

    def __init__(self, reader, writer):
        self.reader, self.writer = reader, writer
        self.writing = threading.Lock()
        self.calls = {}  # id -> (thread, event that cancels it)
        self.plugin = None

    def run(self):
        """Hears the host out, until it says `shutdown` or its end of the stream is closed."""
        while (message := self.read()) is not None:
            kind = message.get("type")
            if kind == "hello":
                self.say({"type": "hello", "protocol": 1, "manifest": MANIFEST, "facts": {}})
            elif kind == "configure":
                self.configure(message)
            elif kind in ("erase", "verify", "health"):
                self.begin(kind, message)
            elif kind == "cancel":
                self.calls.get(message.get("id"), (None, threading.Event()))[1].set()
            elif kind == "shutdown":
                # Each is there until its answer is said.
                for thread, _ in list(self.calls.values()):
                    thread.join()
                return
            elif kind != "unsupported":
                self.say({"type": "unsupported", "id": message.get("id"), "what": str(kind)})
        self.abandon()

    def abandon(self):
        """Ends at once, as the host is gone and nobody waits for an answer."""
        for _, cancelled in list(self.calls.values()):
            cancelled.set()
        os._exit(0)  # Without waiting for the threads.

    def configure(self, message):
        try:
            self.plugin = Folder(message.get("config"))
            self.say({"type": "ready"})
        except Failed as e:
            self.say({"type": "error", "error": e.error})

    def begin(self, kind, message):
        cancelled = threading.Event()
        thread = threading.Thread(target=self.call, args=(kind, message, cancelled))
        self.calls[message["id"]] = (thread, cancelled)
        thread.start()

    def call(self, kind, message, cancelled):
        """Makes one call, and answers it exactly once."""
        call_id = message["id"]
        deadline = time.monotonic() + message.get("timeout_ms", 0) / 1000

        def check():
            if cancelled.is_set() or time.monotonic() >= deadline:
                raise Failed("cancelled", "cancelled")

        def log(level, text):
            self.say({"type": "log", "id": call_id, "level": level, "text": text})

        try:
            if self.plugin is None:
                raise Failed("permanent", "the plugin is not configured")
            result = getattr(self.plugin, kind)(message.get("request"), check, log)
            answer = {"type": "result", "id": call_id, "result": result}
        except Failed as e:
            answer = {"type": "error", "id": call_id, "error": e.error}
        except Exception as e:  # Its text may be personal, so it is not repeated.
            error = {"class": "permanent", "message": f"the plugin failed ({type(e).__name__})"}
            answer = {"type": "error", "id": call_id, "error": error}
        self.say(answer)
        self.calls.pop(call_id, None)

    def read(self):
        """One message; None at the end of the stream, or when it makes no sense any more."""
        header = self.reader.read(4)
        length = struct.unpack(">I", header)[0] if len(header) == 4 else 0
        if not 1 <= length <= FRAME_BYTES_MAX:
            return None
        body = self.reader.read(length)
        try:
            message = json.loads(body)
        except ValueError:
            return None
        return message if isinstance(message, dict) else None

    def say(self, message):
        body = json.dumps(message).encode()
        try:
            with self.writing:
                self.writer.write(struct.pack(">I", len(body)) + body)
                self.writer.flush()
        except OSError:
            os._exit(0)  # The host is gone.


if __name__ == "__main__":
    stream = sys.stdout.buffer
    sys.stdout = sys.stderr  # A stray print must not break the protocol.
    Session(sys.stdin.buffer, stream).run()
