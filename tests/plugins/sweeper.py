#!/usr/bin/env python3
"""A program that is a plugin for a system which is one file, `people.json` in its folder: a list of records with `email`, `name` and
`created_ms`. It tells whom it holds by pages of two. What stands in `mode` says how it lies while it does: see `lie`. Where `waits` is there, it
waits on its second page until it is gone, and where `waits_first` is, on its first one; where `dies` is there, it dies once on its second one. Where
`expired` is there, it refuses once to go on where it was, and where `expires` is, always. Of whom an address stands in `refuses`, it fails
to erase anything; of whom one stands in `keeps`, it says that it has erased them, and has not. Whatever its host has said to it is in `frames`."""

import base64
import json
import os
import sys
import time

from frames import read, write

MANIFEST = {
    "name": "sweeper",
    "version": "1",
    "identifiers": {"optional": ["email", "name"]},
    "operations": ["erase", "verify", "health", "sweep"],
    "config_schema": {"type": "object", "properties": {"folder": {"type": "string"}}},
    "reads_from": ["/folder"],
    "writes_from": ["/folder"],
}
PAGE = 2


def path(name):
    return os.path.join(folder, name)


def people():
    with open(path("people.json")) as file:
        return json.load(file)


def mode():
    return open(path("mode")).read().strip() if os.path.exists(path("mode")) else ""


def note(what):
    with open(path("calls"), "a") as calls:
        calls.write(what + "\n")


def record(one):
    identifiers = [{"kind": kind, "value": one[kind]} for kind in ("email", "name") if one.get(kind)]
    return {"identifiers": identifiers, **({"created_ms": one["created_ms"]} if one.get("created_ms") else {})}


def cursor(number):
    return base64.b64encode(str(number).encode()).decode()


def lie(id, begin, how):
    """What no host takes, or what would go on for ever."""
    everybody = [record(one) for one in people()]
    if how == "more":
        return {"records": everybody * 600}
    if how == "skips":
        return {"records": everybody, "not_looked_at": ["a folder that does not open"]}
    if how == "kinds":
        return {"records": [{"identifiers": [{"kind": "phone", "value": "777 123 456"}]}]}
    if how == "ids":
        return {"records": [{"identifiers": [{"kind": "guest_id", "value": "g-1"}]}]}
    if how == "garbage":
        return {"records": [everybody, "ann", 7]}
    if how == "times":
        return {"records": [{**everybody[0], "created_ms": 1 << 62}]}
    if how == "same":
        return {"records": everybody[:1], "next": cursor(begin + 1)}
    if how == "nobody":
        return {"records": [], "next": cursor(begin + 1)}
    if how == "circle":
        return {"records": everybody[:1], "next": cursor((begin + 1) % 3)}
    if how == "still":
        return {"records": everybody[:1], "next": cursor(begin)}
    if how == "tells":
        for one in people():
            write({"type": "log", "id": id, "level": "error", "text": "there is " + one["email"]})
            print(one["email"], file=sys.stderr)
        return None
    return None


def sweep(id, request):
    begin = int(base64.b64decode(request["cursor"])) if "cursor" in request else 0
    note(f"sweep from {begin}")
    if begin > 0 and os.path.exists(path("dies")):
        os.remove(path("dies"))
        os.abort()
    while os.path.exists(path("waits" if begin > 0 else "waits_first")):
        time.sleep(0.02)
    lied = lie(id, begin, mode())
    if lied is not None:
        return lied
    everybody = people()
    page = {"records": [record(one) for one in everybody[begin : begin + PAGE]]}
    return page if begin + PAGE >= len(everybody) else {**page, "next": cursor(begin + PAGE)}


def listed(name):
    return open(path(name)).read().lower().split() if os.path.exists(path(name)) else []


def stands_in(name, everybody):
    return any(one["email"].lower() in listed(name) for one in everybody)


def is_of(request):
    emails = {one["value"].lower() for one in request["identifiers"] if one["kind"] == "email"}
    return [one for one in people() if one["email"].lower() in emails]


folder = None
# What the host has said before it has named the folder.
heard = []
while True:
    message = read()
    kind, id = message["type"], message.get("id")
    heard.append(json.dumps(message))
    if kind == "configure":
        folder = message["config"]["folder"]
    if folder is not None:
        with open(path("frames"), "a") as file:
            file.writelines(one + "\n" for one in heard)
        heard.clear()
    if kind == "hello":
        write({"type": "hello", "protocol": 1, "minor": 1, "manifest": MANIFEST})
    elif kind == "configure":
        write({"type": "ready"})
    elif kind == "sweep" and mode() == "error":
        error = {"class": "permanent", "message": "cannot read " + people()[0]["email"]}
        write({"type": "error", "id": id, "error": error})
    elif kind == "sweep" and "cursor" in message["request"] and os.path.exists(path("expired")):
        os.remove(path("expired"))
        write({"type": "error", "id": id, "error": {"class": "permanent", "message": "the cursor has expired"}})
    elif kind == "sweep" and "cursor" in message["request"] and os.path.exists(path("expires")):
        write({"type": "error", "id": id, "error": {"class": "permanent", "message": "the cursor has expired"}})
    elif kind == "sweep":
        write({"type": "result", "id": id, "result": sweep(id, message["request"])})
    elif kind == "erase" and stands_in("refuses", is_of(message["request"])):
        write({"type": "error", "id": id, "error": {"class": "retryable", "message": "the system answers 500"}})
    elif kind == "erase":
        theirs = is_of(message["request"])
        left = [one for one in people() if one not in theirs or stands_in("keeps", [one])]
        with open(path("people.new"), "w") as file:
            json.dump(left, file)
        os.replace(path("people.new"), path("people.json"))
        note(f"erase {len(theirs)}")
        outcome = {"outcome": "erased", "counts": {"records": len(theirs)}} if theirs else {"outcome": "absent"}
        write({"type": "result", "id": id, "result": outcome})
    elif kind == "verify":
        left = len(is_of(message["request"]))
        write({"type": "result", "id": id, "result": {"outcome": "residual" if left else "absent"}})
    elif kind == "health":
        write({"type": "result", "id": id, "result": {}})
    elif kind == "shutdown":
        sys.exit(0)
