#!/usr/bin/env python3
"""A program that is a plugin for a system that knows persons by a number: `crm` finds the customer number by the e-mail
address, `erp` erases by it. `shop` finds the number of an order by the customer number, `parcels` erases by that one; `back` finds the
customer number by that of the order. All write into `calls` what they are asked. Files in its folder have it wait before it
tells what it has found (`waits`, `waits-ROLE`), tell that there is more (`more`), die once (`dies`), or say once that it cannot tell
anything of whom it is asked, whom it names (`refuses`). With the argument `echoes` it has a dry run, and names in it what it was told: where
it returns something, among what it has found, and otherwise in an error."""

import base64
import os
import sys
import time

from frames import read, write

ROLE = sys.argv[1]
# By what it knows persons, by what else, and how that begins.
TAKES, RETURNS, MARK = {
    "crm": ("email", "customer_no", "C-"),
    "erp": ("customer_no", None, None),
    "shop": ("customer_no", "order_no", "O-"),
    "parcels": ("order_no", None, None),
    "back": ("order_no", "customer_no", "C-"),
}[ROLE]
FINDS = RETURNS is not None
RESUMES = ROLE == "crm"
ECHOES = "echoes" in sys.argv[2:]
MANIFEST = {
    "name": "finder-" + ROLE,
    "version": "1",
    "identifiers": {"required": [TAKES]},
    "operations": ["erase", "verify", "health"] + (["find"] if FINDS else []) + (["resume"] if RESUMES else []) + (["dry_run"] if ECHOES else []),
    "returns": [RETURNS] if FINDS else [],
    "config_schema": {"type": "object", "properties": {"folder": {"type": "string"}}},
    "reads_from": ["/folder"],
    "writes_from": ["/folder"],
}
RECORDS = 3


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


def refuses():
    """Once: whoever asks again is answered."""
    refuses = os.path.join(folder, "refuses")
    if not os.path.exists(refuses):
        return False
    os.remove(refuses)
    note("refuses")
    return True


def fail(id, value):
    error = {"class": "retryable", "message": f"nothing can be said of {value}"}
    write({"type": "log", "id": id, "level": "error", "text": f"asked of {value}"})
    write({"type": "error", "id": id, "error": error})


folder = "."
while True:
    message = read()
    kind, id = message["type"], message.get("id")
    if kind == "hello":
        write({"type": "hello", "protocol": 1, "minor": 1, "manifest": MANIFEST})
    elif kind == "configure":
        folder = message["config"]["folder"]
        write({"type": "ready"})
    elif kind == "find" and refuses():
        fail(id, told(message["request"]))
    elif kind == "find":
        note("find")
        while any(os.path.exists(os.path.join(folder, file)) for file in ["waits", "waits-" + ROLE]):
            time.sleep(0.02)
        number = MARK + told(message["request"]).split("@")[0]
        more = os.path.exists(os.path.join(folder, "more"))
        found = {"identifiers": [{"kind": RETURNS, "value": number}], "more": more}
        write({"type": "result", "id": id, "result": found})
    elif kind == "erase" and message["request"].get("dry_run") and FINDS:
        value = told(message["request"])
        note("dry run")
        said = {"reason": f"there is {value}", "looked_at": [f"notes of {value}"], "not_looked_at": [f"papers of {value}"]}
        write({"type": "result", "id": id, "result": {"outcome": "erased", "counts": {"records": RECORDS}, **said}})
    elif kind == "erase" and message["request"].get("dry_run"):
        note("dry run")
        fail(id, told(message["request"]))
    elif kind == "erase" and RESUMES:
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
