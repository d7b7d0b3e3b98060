#!/usr/bin/env python3
"""A program that is a plugin for a system that knows persons by a customer number: `crm` finds the number by the e-mail
address, `erp` erases by the number. Both write into `calls` what they are asked. Files in its folder have it wait before it
tells what it has found (`waits`), tell that there is more (`more`), or die once (`dies`)."""

import base64
import json
import os
import struct
import sys
import time

ROLE = sys.argv[1]
KNOWS = ROLE == "crm"
MANIFEST = {
    "name": "finder-" + ROLE,
    "version": "1",
    "identifiers": {"required": ["email" if KNOWS else "customer_no"]},
    "operations": ["erase", "verify", "health"] + (["find", "resume"] if KNOWS else []),
    "returns": ["customer_no"] if KNOWS else [],
    "config_schema": {"type": "object", "properties": {"folder": {"type": "string"}}},
    "reads_from": ["/folder"],
    "writes_from": ["/folder"],
}
RECORDS = 3


def read():
    header = sys.stdin.buffer.read(4)
    if len(header) < 4:
        sys.exit(0)
    return json.loads(sys.stdin.buffer.read(struct.unpack(">I", header)[0]))


def write(message):
    body = json.dumps(message).encode()
    sys.stdout.buffer.write(struct.pack(">I", len(body)) + body)
    sys.stdout.buffer.flush()


def told(request):
    return request["identifiers"][0]["value"]


def note(what):
    with open(os.path.join(folder, "calls"), "a") as calls:
        calls.write(f"{ROLE} {what}\n")


def erase_records(id, request):
    """Deletes one record after the other, and dies once behind the second, having stored each time how far it was."""
    done = int(base64.b64decode(request["resume"])) if "resume" in request else 0
    note(f"erase from {done}")
    while done < RECORDS:
        done += 1
        write({"type": "resume", "id": id, "value": base64.b64encode(str(done).encode()).decode()})
        if read()["type"] != "resume_stored":
            return {"outcome": "residual"}
        dies = os.path.join(folder, "dies")
        if done == 2 and os.path.exists(dies):
            os.remove(dies)
            os.abort()
    return {"outcome": "erased", "counts": {"records": done}}


folder = "."
while True:
    message = read()
    kind, id = message["type"], message.get("id")
    if kind == "hello":
        write({"type": "hello", "protocol": 1, "minor": 1, "manifest": MANIFEST})
    elif kind == "configure":
        folder = message["config"]["folder"]
        write({"type": "ready"})
    elif kind == "find":
        note("find")
        while os.path.exists(os.path.join(folder, "waits")):
            time.sleep(0.02)
        number = "C-" + told(message["request"]).split("@")[0]
        more = os.path.exists(os.path.join(folder, "more"))
        found = {"identifiers": [{"kind": "customer_no", "value": number}], "more": more}
        write({"type": "result", "id": id, "result": found})
    elif kind == "erase" and KNOWS:
        write({"type": "result", "id": id, "result": erase_records(id, message["request"])})
    elif kind == "erase":
        note(f"erase {told(message['request'])}")
        write({"type": "result", "id": id, "result": {"outcome": "erased"}})
    elif kind == "verify":
        write({"type": "result", "id": id, "result": {"outcome": "absent"}})
    elif kind == "health":
        write({"type": "result", "id": id, "result": {}})
    elif kind == "shutdown":
        sys.exit(0)
