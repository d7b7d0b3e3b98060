#!/usr/bin/env python3
"""A program that is a plugin, keeps a file for each person in `held`, and must not be asked twice. What it is asked, and which
requests it declines, it writes into `calls`. The file `mood`, if there is one, is taken away by the next request to erase, which
goes wrong as it says."""

import os
import sys
import time

from frames import framed, read, send

MANIFEST = {
    "name": "fickle",
    "version": "1",
    "identifiers": {"required": ["session_id"]},
    "operations": ["erase", "verify", "health"],
    "idempotent": False,
    "timeouts": {"erase_ms": 1000, "verify_ms": 1000, "health_ms": 1000},
    "config_schema": {"type": "object", "properties": {"folder": {"type": "string"}}},
    "reads_from": ["/folder"],
    "writes_from": ["/folder"],
}


def note(what, request):
    with open(os.path.join(folder, "calls"), "a") as calls:
        calls.write(f"{what} {request['erasure']} {request['idempotency_key']}\n")


def mood():
    try:
        path = os.path.join(folder, "mood")
        with open(path) as file:
            text = file.read()
        os.remove(path)
        return text
    except FileNotFoundError:
        return ""


def files(request):
    sessions = [known["value"] for known in request["identifiers"] if known["kind"] == "session_id"]
    paths = [os.path.join(folder, "held", session) for session in sessions]
    return [path for path in paths if os.path.exists(path)]


def erase(id, request):
    now = mood()
    if now in ("retryable", "rate_limited"):
        note("declined", request)
        return send(framed({"type": "error", "id": id, "error": {"class": now, "message": "not now"}}))
    note("erase", request)
    if now == "permanent":
        return send(framed({"type": "error", "id": id, "error": {"class": now, "message": "not this one"}}))
    if now == "dies_before":
        os._exit(3)
    if now == "hangs_before":
        time.sleep(1.5)
        return None
    there = files(request)
    if now != "lies":
        for path in there:
            os.remove(path)
    if now == "dies_after":
        os._exit(3)
    if now == "hangs_after":
        time.sleep(1.5)
    answer = framed({"type": "result", "id": id, "result": {"outcome": "erased" if there else "absent"}})
    if now == "half":
        send(answer[: len(answer) // 2])
        os._exit(3)
    if now == "garbage":
        return send(b"\0\0\0\4none")
    if now == "drip":
        for byte in answer:
            send(bytes([byte]))
            time.sleep(0.002)
        return None
    return send(answer)


folder = "."
while True:
    message = read()
    kind, id = message["type"], message.get("id")
    if kind == "hello":
        send(framed({"type": "hello", "protocol": 1, "manifest": MANIFEST}))
    elif kind == "configure":
        folder = message["config"]["folder"]
        send(framed({"type": "ready"}))
    elif kind == "erase":
        erase(id, message["request"])
    elif kind == "verify":
        outcome = "residual" if files(message["request"]) else "absent"
        send(framed({"type": "result", "id": id, "result": {"outcome": outcome}}))
    elif kind == "health":
        send(framed({"type": "result", "id": id, "result": {}}))
    elif kind == "shutdown":
        sys.exit(0)
