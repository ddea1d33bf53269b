#!/usr/bin/python3
"""A channel program for tests: new lines of ./say are said as they are, what comes is appended to ./got;
what is sent is delivered."""
import json, os, select, sys, time

def out(line):
    sys.stdout.write(line + "\n")
    sys.stdout.flush()

out('{"type":"hello","name":"test","version":"1"}')
at, rest = 0, b""
while True:
    r, _, _ = select.select([0], [], [], 0.05)
    if r:
        data = os.read(0, 65536)
        if not data:
            break
        rest += data
        while b"\n" in rest:
            line, rest = rest.split(b"\n", 1)
            with open("got", "ab") as f:
                f.write(line + b"\n")
            o = json.loads(line)
            if o["type"] == "send":
                out(json.dumps({"type": "delivered", "id": o["id"]}))
            if o["type"] == "ping":
                out('{"type":"pong"}')
    if os.path.exists("say"):
        with open("say") as f:
            f.seek(at)
            new = f.read()
        new = new[: new.rfind("\n") + 1]
        at += len(new.encode())
        for line in new.splitlines():
            out(line)
