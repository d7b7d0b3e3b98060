#!/usr/bin/env python3
"""A program that is a plugin, says something in each call, and needs a person at its first one."""

import sys

from frames import read, write

MANIFEST = {
    "name": "talker",
    "version": "1",
    "identifiers": {"required": ["email"]},
    "operations": ["erase", "verify"],
}


failed = False
while True:
    message = read()
    kind, id = message["type"], message.get("id")
    if kind == "hello":
        write({"type": "hello", "protocol": 1, "manifest": MANIFEST})
    elif kind == "configure":
        write({"type": "ready"})
    elif kind in ("erase", "verify"):
        write({"type": "log", "id": id, "level": "warn", "text": f"asked to {kind}"})
        if not failed:
            failed = True
            write({"type": "error", "id": id, "error": {"class": "permanent", "message": "not this one"}})
            continue
        write({"type": "result", "id": id, "result": {"outcome": "erased" if kind == "erase" else "absent"}})
    elif kind == "health":
        write({"type": "result", "id": id, "result": {}})
    elif kind == "shutdown":
        sys.exit(0)
