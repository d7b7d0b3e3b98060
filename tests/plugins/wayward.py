#!/usr/bin/env python3
"""A program that is a plugin and misbehaves as it is told by the `name` in a call."""

import base64
import ctypes
import json
import mmap
import os
import socket
import struct
import subprocess
import sys
import time

MANIFEST = {
    "name": "wayward-exec",
    "version": "1",
    "identifiers": {"required": ["name"]},
    "operations": ["erase", "health"],
    "config_schema": {"type": "object", "properties": {"mood": {"enum": ["good", "sick", "bad"]}}},
}


def read():
    header = sys.stdin.buffer.read(4)
    if len(header) < 4:
        sys.exit(0)
    return json.loads(sys.stdin.buffer.read(struct.unpack(">I", header)[0]))


def write(message):
    body = json.dumps(message).encode()
    sys.stdout.buffer.write(struct.pack(">I", len(body)) + body)
    sys.stdout.buffer.flush()


def try_to(action):
    try:
        action()
        return 0
    except OSError as error:
        return error.errno


def system_call(*arguments):
    """The errno of any call."""
    LIBRARY.syscall.restype = ctypes.c_long
    done = LIBRARY.syscall(*[ctypes.c_long(n) for n in (arguments + 7 * (0,))[:7]])
    return ctypes.get_errno() if done < 0 else 0


LIBRARY = ctypes.CDLL(None, use_errno=True)
HELD = []


def take(mib, protection=mmap.PROT_READ):
    """Memory that is written to, by the MiB, and may only be read from then on."""
    for _ in range(mib):
        piece = mmap.mmap(-1, 1 << 20, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
        piece.write(bytes(1 << 20))
        HELD.append(piece)
        address = ctypes.c_void_p(ctypes.addressof(ctypes.c_char.from_buffer(piece)))
        assert LIBRARY.mprotect(address, 1 << 20, protection) == 0


def tables(mib):
    """Page tables: a page for each 2 MiB that are read from once."""
    step = 2 << 20
    everything = mmap.mmap(-1, mib * 256 * step, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS | 0x4000, prot=mmap.PROT_READ)
    for at in range(0, len(everything), step):
        everything[at]
    HELD.append(everything)


def spread(processes, mib):
    """As much in each of several processes, whose parents are gone."""
    for _ in range(processes):
        child = os.fork()
        if child == 0:
            if os.fork() == 0:
                take(mib)
                time.sleep(60)
            os._exit(0)
        os.waitpid(child, 0)


def share(processes, mib):
    """The same in each of several processes; how many of them nobody ends."""
    take(mib)
    children = []
    for _ in range(processes):
        child = os.fork()
        if child == 0:
            time.sleep(0.5)
            os._exit(0)
        children.append(child)
    return [os.waitpid(child, 0)[1] for child in children].count(0)


def forks():
    """How many processes it can start, up to 200; they end again."""
    started = []
    try:
        while len(started) < 200:
            started.append(subprocess.Popen(["sleep", "60"]))
    except OSError:
        pass
    for process in started:
        process.kill()
        process.wait()
    return len(started)


def resume(id, size):
    """Stores this many bytes: 0 when they are stored, 1 when they are refused, 2 when the host stores nothing."""
    write({"type": "resume", "id": id, "value": base64.b64encode(b"x" * size).decode()})
    return ["resume_stored", "resume_refused", "unsupported"].index(read()["type"])


def resume_at_once(id):
    """Stores two values without waiting; how many of them are stored."""
    body = json.dumps({"type": "resume", "id": id, "value": ""}).encode()
    sys.stdout.buffer.write(2 * (struct.pack(">I", len(body)) + body))
    sys.stdout.buffer.flush()
    return [read()["type"] for _ in range(2)].count("resume_stored")


def erase(name, id):
    verb, _, argument = name.partition(" ")
    if verb == "resume":
        return resume(id, int(argument))
    if verb == "resume-at-once":
        return resume_at_once(id)
    if verb == "resume-of-none":
        return resume(id + 1000, 1)
    if verb == "cancel":
        write({"type": "error", "id": id, "error": {"class": "cancelled", "message": "not today"}})
        return None
    if verb == "crash":
        os.abort()
    if verb == "hang":
        time.sleep(3600)
    if verb == "leave":
        return subprocess.Popen(["sleep", "3600"]).pid
    if verb == "forks":
        return forks()
    if verb == "hog-sealed":
        take(256)
    if verb == "hog-tables":
        tables(192)
    if verb == "hog-spread":
        spread(4, 48)
    if verb.startswith("hog-"):
        time.sleep(10)
    if verb == "share":
        return share(4, 32)
    if verb == "read":
        return try_to(lambda: open(argument).close())
    if verb == "write":
        return try_to(lambda: open(argument, "w").close())
    if verb == "namespace":
        return try_to(lambda: os.unshare(0x10000000)) if hasattr(os, "unshare") else 1
    if verb == "sys":
        return system_call(*map(int, argument.split()))
    if verb == "socket":
        return try_to(lambda: socket.socket(*map(int, argument.split())).close())
    if verb == "children":
        return subprocess.run(["sh", "-c", "cat; exit 0"], input=b"x", capture_output=True).returncode
    if verb == "file":
        return int(__file__.startswith("/proc/self/fd/"))
    if verb == "session":
        return try_to(os.setsid)
    if verb == "environment":
        return len(os.environ.keys() - {"PATH", "LANG", "LC_CTYPE"})
    if verb == "descriptors":
        return sum(1 for n in range(3, 64) if try_to(lambda: os.fstat(n)) == 0)
    if verb == "raw":
        sys.stdout.buffer.write(bytes.fromhex(argument))
        sys.stdout.buffer.flush()
        time.sleep(3600)
    return os.getpid()


def option(name):
    """What follows this argument."""
    return sys.argv[sys.argv.index(name) + 1] if name in sys.argv else None


FACTS = {"sha256": "a lie", "python": "yes"}
if "--once" in sys.argv:
    MANIFEST["idempotent"] = False
if "--resumes" in sys.argv:
    MANIFEST["operations"].append("resume")
if "--fickle" in sys.argv:
    # Another manifest in each process.
    MANIFEST["version"] = str(os.getpid())
if option("--version-from"):
    with open(option("--version-from")) as file:
        MANIFEST["version"] = file.read().strip()
if option("--write"):
    FACTS["write"] = str(try_to(lambda: open(option("--write"), "w").close()))
mood = "good"
while True:
    message = read()
    kind = message["type"]
    if kind == "hello":
        write({"type": "hello", "protocol": 1, "manifest": MANIFEST, "facts": FACTS})
    elif kind == "configure":
        mood = message["config"].get("mood", "good")
        if mood == "bad":
            write({"type": "error", "error": {"class": "permanent", "message": "in a bad mood"}})
        else:
            write({"type": "ready"})
    elif kind == "erase":
        number = erase(message["request"]["identifiers"][0]["value"], message["id"])
        if number is not None:
            counts = {"number": number}
            write({"type": "result", "id": message["id"], "result": {"outcome": "erased", "counts": counts}})
    elif kind == "health" and mood == "sick":
        write({"type": "error", "id": message["id"], "error": {"class": "retryable", "message": "feeling sick"}})
    elif kind == "health":
        write({"type": "result", "id": message["id"], "result": {}})
    elif kind == "shutdown":
        sys.exit(0)
