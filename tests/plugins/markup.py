#!/usr/bin/env python3
"""A program that is a plugin, and whose every text is markup: `says` erases, and says so; `fails` fails for good, and says why."""

import sys

from frames import read, write

ROLE = sys.argv[1]
MARKUP = "<script>alert('" + ROLE + "')</script>\"'><img src=x>"
MANIFEST = {
    "name": "markup-" + ROLE,
    "version": "1",
    "identifiers": {"required": ["email"]},
    "operations": ["erase", "verify", "health"],
}


def result(outcome):
    places = {"looked_at": [MARKUP + " 1"], "not_looked_at": [MARKUP + " 2"], "keeps": [MARKUP + " 3"]}
    return {"outcome": outcome, "reason": MARKUP + " 4", **places}


while True:
    message = read()
    kind, id = message["type"], message.get("id")
    if kind == "hello":
        write({"type": "hello", "protocol": 1, "minor": 1, "manifest": MANIFEST})
    elif kind == "configure":
        write({"type": "ready"})
    elif kind in ("erase", "verify") and ROLE == "fails":
        write({"type": "error", "id": id, "error": {"class": "permanent", "message": MARKUP + " 5"}})
    elif kind == "erase":
        write({"type": "result", "id": id, "result": result("erased")})
    elif kind == "verify":
        write({"type": "result", "id": id, "result": result("absent")})
    elif kind == "health":
        write({"type": "result", "id": id, "result": {}})
    elif kind == "shutdown":
        sys.exit(0)
