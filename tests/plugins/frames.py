"""What a plugin's host and it say to each other: frames of JSON on standard input and output. For the plugins beside it that run where they lie
and are granted this folder; what is copied elsewhere finds nothing beside it, and has frames of its own."""

import json
import struct
import sys


def read():
    header = sys.stdin.buffer.read(4)
    if len(header) < 4:
        sys.exit(0)
    return json.loads(sys.stdin.buffer.read(struct.unpack(">I", header)[0]))


def framed(message):
    body = json.dumps(message).encode()
    return struct.pack(">I", len(body)) + body


def send(data):
    sys.stdout.buffer.write(data)
    sys.stdout.buffer.flush()


def write(message):
    send(framed(message))
