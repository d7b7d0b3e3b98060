#!/usr/bin/env python3
"""A program that is a plugin and must not be asked twice. It writes into `calls` what it is asked, and answers no request to
erase as long as its folder holds `waits`. Only with the argument `seeing` can it say whether the data is gone. With `cancelling` it
may be asked again, and gives each request up as long as its folder holds `waits`."""

import os
import sys
import time

from frames import read, write

MANIFEST = {
    "name": "once",
    "version": "1",
    "identifiers": {"required": ["email"]},
    "operations": ["erase", "health"] + (["verify"] if "seeing" in sys.argv else []),
    "idempotent": "cancelling" in sys.argv,
    "config_schema": {"type": "object", "properties": {"folder": {"type": "string"}}},
    "reads_from": ["/folder"],
    "writes_from": ["/folder"],
}


def note(what):
    with open(os.path.join(folder, "calls"), "a") as calls:
        calls.write(f"{what}\n")


folder = "."
while True:
    message = read()
    kind, id = message["type"], message.get("id")
    if kind == "hello":
        write({"type": "hello", "protocol": 1, "manifest": MANIFEST})
    elif kind == "configure":
        folder = message["config"]["folder"]
        write({"type": "ready"})
    elif kind == "erase":
        note(f"erase {message['request']['idempotency_key']}")
        waits = os.path.join(folder, "waits")
        if "cancelling" in sys.argv and os.path.exists(waits):
            write({"type": "error", "id": id, "error": {"class": "cancelled", "message": "not today"}})
            continue
        while os.path.exists(waits):
            time.sleep(0.02)
        write({"type": "result", "id": id, "result": {"outcome": "erased"}})
    elif kind == "verify":
        note(f"verify {message['request']['idempotency_key']}")
        write({"type": "result", "id": id, "result": {"outcome": "absent"}})
    elif kind == "health":
        write({"type": "result", "id": id, "result": {}})
    elif kind == "shutdown":
        sys.exit(0)
