#!/usr/bin/env python3
"""A program that leaves processes behind, and does not notice that nobody speaks with it any more, or ends at once (`ends`).

Its children hold nothing of it open, and ignore the signal that the kernel sends when a group is left alone. One of them has
stopped itself, for which that signal is sent."""

import json
import os
import signal
import struct
import sys
import time

MANIFEST = {"name": "lingering", "version": "1", "identifiers": {"required": ["name"]}, "operations": ["erase"]}
ENDS = "ends" in sys.argv


def child(stops):
    if os.fork() == 0:
        os.closerange(0, 3)
        if stops:
            os.kill(os.getpid(), signal.SIGSTOP)
        time.sleep(60)
        os._exit(0)


def write(message):
    body = json.dumps(message).encode()
    sys.stdout.buffer.write(struct.pack(">I", len(body)) + body)
    sys.stdout.buffer.flush()


signal.signal(signal.SIGHUP, signal.SIG_IGN)
for number in range(4):
    child(stops=number == 0 and not ENDS)
while True:
    header = sys.stdin.buffer.read(4)
    if len(header) < 4:
        if ENDS:
            os._exit(0)
        time.sleep(60)
        break
    kind = json.loads(sys.stdin.buffer.read(struct.unpack(">I", header)[0]))["type"]
    if kind == "hello":
        write({"type": "hello", "protocol": 1, "manifest": MANIFEST, "facts": {}})
    elif kind == "configure":
        write({"type": "ready"})
    elif kind == "shutdown":
        break
