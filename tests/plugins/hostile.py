#!/usr/bin/env python3
"""A program that is a plugin and means harm: what it does is its first argument. It does it to persons in whose request
the word `evil` stands, and erases all others as it should."""

import json
import os
import signal
import struct
import subprocess
import sys

MARK = "hostile-output evil@people.example"
MANIFEST = {
    "name": "hostile-exec",
    "version": "1",
    "identifiers": {"required": ["email"]},
    "operations": ["erase", "verify"],
    "secrets": {"optional": ["token"]},
    "max_concurrency": 4,
}
does = sys.argv[1]


def read():
    header = sys.stdin.buffer.read(4)
    if len(header) < 4:
        sys.exit(0)
    return json.loads(sys.stdin.buffer.read(struct.unpack(">I", header)[0]))


def raw(data):
    sys.stdout.buffer.write(data)
    sys.stdout.buffer.flush()


def frame(body):
    raw(struct.pack(">I", len(body)) + body)


def write(message):
    frame(json.dumps(message).encode())


def erased(call, **counts):
    write({"type": "result", "id": call, "result": {"outcome": "erased", "counts": counts}})


def hang():
    while True:
        signal.pause()


def start(code, **options):
    """Another process, that does this and stays; its command line says whose it is."""
    code = f"import os, signal # {sys.argv[0]}\n{code}\nwhile True: signal.pause()"
    subprocess.Popen([sys.executable, "-c", code], **options)


def result(call, inside):
    """A result whose reason is what it is, byte for byte."""
    frame(b'{"type":"result","id":%d,"result":{"outcome":"retained","reason":%s}}' % (call, inside))


def harm(call, email, secret):
    if does == "zero length":
        raw(bytes(4))
    elif does == "four gigabytes":
        raw(b"\xff\xff\xff\xff" + b"x" * 4096)
    elif does == "sixty-four megabytes":
        frame(b'{"type":"result","id":%d,"result":"%s"}' % (call, b"x" * (64 << 20)))
    elif does == "half a frame":
        raw(struct.pack(">I", 1000) + b'{"type":')
    elif does == "half a header":
        raw(b"\0\0")
    elif does == "not JSON":
        frame(b"{{")
    elif does == "no object":
        frame(b"[]")
    elif does == "not UTF-8":
        frame(b'{"type":"\xff\xfe"}')
    elif does == "deep":
        frame(b"[" * 100_000)
    elif does == "deep in a result":
        result(call, b"[" * 100_000 + b"]" * 100_000)
    elif does == "deep in what is unknown":
        frame(b'{"type":"dance","id":1,"steps":' + b'{"a":' * 100_000 + b"1" + b"}" * 100_000 + b"}")
        erased(call, dances=1)
        return
    elif does == "NUL":
        frame(b"\0" * 64)
    elif does == "surrogate":
        result(call, b'"\\ud800"')
    elif does == "second hello":
        write({"type": "hello", "protocol": 1, "manifest": MANIFEST, "facts": {}})
    elif does == "ready again":
        write({"type": "ready"})
    elif does == "two answers":
        erased(call, first=1)
        write({"type": "result", "id": call, "result": {"outcome": "absent"}})
        return
    elif does == "unknown call":
        erased(call + 1_000_000, nobody=1)
        write({"type": "error", "id": 2**64 - 1, "error": {"class": "permanent", "message": MARK}})
        erased(call, known=1)
        return
    elif does == "unknown messages":
        for n in range(20_000):
            write({"type": "dance", "id": n, "what": MARK})
        erased(call, dances=20_000)
        return
    elif does == "flood":
        # Its own protocol is on standard output, so only this one is left.
        for _ in range(200):
            os.write(2, (MARK + "\n").encode() * (1 << 15))
        erased(call, floods=1)
        return
    elif does == "log":
        for n in range(20_000):
            write({"type": "log", "id": call if n % 2 else None, "level": "error", "text": (email if n % 2 else MARK) + " " * 2000})
        erased(call, lines=20_000)
        return
    elif does == "whisper":
        write({"type": "log", "id": call, "level": "error", "text": f"the token is {secret}"})
        write({"type": "error", "id": call, "error": {"class": "permanent", "message": f"no: {secret}"}})
        return
    elif does == "bomb":
        # Bounded: it doubles five times. Each of the 32 says that it is there.
        told, tell = os.pipe()
        start(f"for _ in range(5): os.fork()\nos.write({tell}, b'x')", pass_fds=[tell])
        for _ in range(32):
            os.read(told, 1)
        os.abort()
    elif does == "leave":
        start("pass")
        hang()
    elif does == "deaf":
        for number in {signal.SIGHUP, signal.SIGTERM, signal.SIGINT, signal.SIGCONT}:
            signal.signal(number, signal.SIG_IGN)
        start("pass")
    elif does == "loop":
        while True:
            pass
    elif does == "stop":
        os.kill(os.getpid(), signal.SIGSTOP)
    elif does == "kill server":
        signals = [signal.SIGTERM, signal.SIGKILL]
        server = int(email.split(".")[1])
        erased(call, refused=sum(1 for number in signals if refused(lambda: os.kill(server, number))))
        return
    elif does == "kill guard":
        # Before Linux 6.12, nothing keeps it from this.
        signals = [signal.SIGKILL, signal.SIGSTOP, signal.SIGTERM]
        erased(call, refused=sum(1 for number in signals if refused(lambda: os.kill(os.getppid(), number))))
        return
    elif does == "hold guard":
        # And all that it starts: nobody lets the guard do its work, or hears anything.
        for number in set(signal.Signals) - {signal.SIGKILL, signal.SIGSTOP}:
            signal.signal(number, lambda *_: hang())
        start("signal.pthread_sigmask(signal.SIG_BLOCK, set(signal.Signals))")
        guard = os.getppid()
        start(f"signal.pthread_sigmask(signal.SIG_BLOCK, set(signal.Signals))\nwhile True:\n  try: os.kill({guard}, signal.SIGSTOP)\n  except OSError: signal.pause()")
    elif does == "kill group":
        os.kill(0, signal.SIGKILL)
    elif does == "close":
        os.closerange(0, 64)
    elif does == "eat in several":
        # Each of them is allowed that much.
        for _ in range(4):
            start("eaten = b'x' * (64 << 20)")
    elif does == "exit":
        os._exit(0)
    elif does == "abort":
        os.abort()
    hang()


def refused(action):
    try:
        action()
        return False
    except PermissionError:
        return True


secret = ""
if does == "never hello":
    hang()
if does == "garbage hello":
    raw(b"HTTP/1.1 200 OK\r\n\r\n")
while True:
    message = read()
    kind = message["type"]
    if kind == "hello":
        if does == "deep manifest":
            frame(b'{"type":"hello","protocol":1,"manifest":' + b"[" * 100_000 + b"]" * 100_000 + b"}")
        write({"type": "hello", "protocol": 2 if does == "another protocol" else 1, "manifest": MANIFEST, "facts": {}})
        if does == "reads no configuration":
            hang()
    elif kind == "configure":
        secret = message["secrets"].get("token", "")
        write({"type": "ready"})
    elif kind == "erase":
        email = message["request"]["identifiers"][0]["value"]
        if "evil" in email:
            harm(message["id"], email, secret)
        else:
            erased(message["id"], process=os.getpid())
    elif kind == "verify":
        write({"type": "result", "id": message["id"], "result": {"outcome": "absent"}})
    elif kind == "shutdown":
        sys.exit(0)
