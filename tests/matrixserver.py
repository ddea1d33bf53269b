"""A small Matrix homeserver for tests: what the client-server API (v1.5) says of whoami, join, sync,
messages, send, redaction and media, and strict about it. Arguments: a file for its port, a folder
that it is told by: each line of say/NAME is a JSON object:
{"room", "sender", "content"} an event, {"room", "sender", "redacts"}, {"invite": room}, {"mode": WORD}.
What clients send is in ./sent, a JSON line each; every request in ./requests."""
import http.server, json, os, sys, threading, time, urllib.parse

BOT, TOKEN = "@desk:test.example", "token-of-the-desk"
lock = threading.Condition()
events, invites, joined, transactions, state = [], [], {"!room:test.example"}, {}, {"mode": ""}
ALIAS = {"#help:test.example": "!room:test.example"}
MEDIA = {"pic": (b"\x89PNG\r\n\x1a\n" + b"x" * 100, "image/png")}


def say(o):
    with lock:
        if "mode" in o:
            state["mode"] = o["mode"]
        elif "invite" in o:
            invites.append((len(events), o["invite"]))
            events.append(None)
        else:
            e = {"event_id": "$e%d" % len(events), "sender": o["sender"], "origin_server_ts": int(time.time() * 1000), "room": o["room"]}
            if "redacts" in o:
                e.update(type="m.room.redaction", redacts=o["redacts"], content={})
            else:
                e.update(type=o.get("type", "m.room.message"), content=o["content"])
                if "state_key" in o:
                    e["state_key"] = o["state_key"]
            joined.add(o["room"])
            events.append(e)
        lock.notify_all()


def public(e):
    return {k: v for k, v in e.items() if k != "room"}


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *a):
        pass

    def answer(self, code, o, **headers):
        data = json.dumps(o).encode()
        self.send_response(code)
        for k, v in headers.items():
            self.send_header(k.replace("_", "-"), v)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def do(self):
        url = urllib.parse.urlsplit(self.path)
        q = dict(urllib.parse.parse_qsl(url.query, strict_parsing=True)) if url.query else {}
        parts = [urllib.parse.unquote(p) for p in url.path.split("/")[1:]]
        n = int(self.headers.get("Content-Length") or 0)
        body = self.rfile.read(n)
        with lock:
            with open("requests", "a") as f:
                f.write(f"{self.command} {self.path}\n")
        if self.headers.get("Authorization") != "Bearer " + TOKEN:
            return self.answer(401, {"errcode": "M_UNKNOWN_TOKEN", "error": "no"})
        mode = state["mode"]
        if mode == "busy":
            return self.answer(429, {"errcode": "M_LIMIT_EXCEEDED", "error": "slow down", "retry_after_ms": 300})
        if mode == "nonsense":
            self.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello")
            return
        if mode == "drop":
            self.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: 5000\r\n\r\n{\"next_")
            self.wfile.flush()
            self.close_connection = True
            return
        assert parts[0] == "_matrix", parts
        if parts[1:4] == ["client", "v3", "account"]:
            return self.answer(200, {"user_id": BOT, "device_id": "D"})
        if parts[1:4] == ["client", "v3", "join"]:
            assert self.command == "POST"
            room = ALIAS.get(parts[4], parts[4])
            with lock:
                joined.add(room)
            return self.answer(200, {"room_id": room})
        if parts[1:4] == ["client", "v3", "sync"]:
            return self.sync(q)
        if parts[1:4] == ["client", "v1", "media"]:
            data, kind = MEDIA[parts[6]]
            self.send_response(200)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            return self.wfile.write(data)
        if parts[1:4] == ["client", "v3", "rooms"] and parts[5] == "messages":
            return self.messages(parts[4], q)
        if parts[1:4] == ["client", "v3", "rooms"] and parts[5] == "send":
            assert self.command == "PUT" and parts[6] == "m.room.message" and len(parts) == 8, parts
            o = json.loads(body)
            assert set(o) == {"msgtype", "body"} and o["msgtype"] == "m.text", o
            if parts[4] not in joined:
                return self.answer(403, {"errcode": "M_FORBIDDEN", "error": "not in the room"})
            with lock:
                if parts[7] not in transactions:
                    transactions[parts[7]] = "$s%d" % len(transactions)
                    with open("sent", "a") as f:
                        f.write(json.dumps({"room": parts[4], "body": o["body"], "txn": parts[7]}) + "\n")
            if mode == "lose-answers":
                self.close_connection = True
                return self.connection.close()
            return self.answer(200, {"event_id": transactions[parts[7]]})
        return self.answer(404, {"errcode": "M_UNRECOGNIZED", "error": self.path})

    do_GET = do_PUT = do_POST = do

    def sync(self, q):
        assert json.loads(q["filter"])
        since = int(q["since"][1:]) if "since" in q else None
        end = time.time() + int(q["timeout"]) / 1000
        with lock:
            while since is not None and len(events) <= since and time.time() < end:
                lock.wait(0.2)
                if state["mode"]:
                    break
            start, stop = since or 0, len(events)
            rooms = {}
            for i in range(start, stop):
                e = events[i]
                if e and e["room"] in joined:
                    rooms.setdefault(e["room"], []).append((i, e))
            limit = json.loads(q["filter"])["room"]["timeline"]["limit"] if not os.path.exists("short") else 3
            join = {}
            for room, list_ in rooms.items():
                cut = list_[-limit:]
                join[room] = {"timeline": {"events": [public(e) for _, e in cut], "limited": len(cut) < len(list_), "prev_batch": "s%d" % cut[0][0]}, "state": {"events": []}}
            out = {"next_batch": "s%d" % stop, "rooms": {"join": join, "invite": {r: {"invite_state": {"events": []}} for i, r in invites if i >= start}}}
        self.answer(200, out)

    def messages(self, room, q):
        assert q["dir"] == "b"
        start, to = int(q["from"][1:]), int(q["to"][1:])
        limit = 4 if os.path.exists("short") else int(q["limit"])
        chunk, i = [], start
        while i > to and len(chunk) < limit:
            i -= 1
            if events[i] and events[i]["room"] == room:
                chunk.append(public(events[i]))
        o = {"start": q["from"], "chunk": chunk}
        if i > to:
            o["end"] = "s%d" % i
        self.answer(200, o)


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True


server = Server(("127.0.0.1", int(sys.argv[3]) if len(sys.argv) > 3 else 0), Handler)
threading.Thread(target=server.serve_forever, daemon=True).start()
with open(sys.argv[1] + ".new", "w") as f:
    f.write(str(server.server_port))
os.rename(sys.argv[1] + ".new", sys.argv[1])
os.makedirs(sys.argv[2], exist_ok=True)
while True:
    for name in sorted(os.listdir(sys.argv[2])):
        if name.startswith("."):
            continue
        with open(os.path.join(sys.argv[2], name)) as f:
            for line in f:
                say(json.loads(line))
        os.unlink(os.path.join(sys.argv[2], name))
    time.sleep(0.05)
