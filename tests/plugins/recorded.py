#!/usr/bin/env python3
"""A program that is a plugin of protocol 1.0: it says what one was recorded to say, with the ids of the host's calls, and
answers `unsupported` to whatever was not known then. Its argument is the recording."""

import json
import sys

from frames import read, write

RECORDED = json.load(open(sys.argv[1]))


def recorded(kind, id=None):
    return next(message for message in RECORDED if message["type"] == kind and (id is None or message.get("id") == id))


while True:
    message = read()
    kind, id = message["type"], message.get("id")
    if kind == "hello":
        write(recorded("hello"))
    elif kind == "configure":
        write(recorded("ready"))
    elif kind == "erase":
        write({**recorded("log", 1), "id": id})
        write({**recorded("progress", 1), "id": id})
        # 1 was recorded of an erasure, 2 of a dry run.
        write({**recorded("result", 2 if message["request"]["dry_run"] else 1), "id": id})
    elif kind == "verify":
        write({**recorded("result", 3), "id": id})
    elif kind == "health":
        write({**recorded("result", 4), "id": id})
    elif kind == "shutdown":
        sys.exit(0)
    elif kind not in ("cancel", "unsupported"):
        write({**recorded("unsupported", 9), "id": id, "what": kind})
