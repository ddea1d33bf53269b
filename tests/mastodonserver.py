"""Mastodon's API for tests, as docs.joinmastodon.org describes it, and strict: what a server would refuse is refused,
and a line in ./complaints. Arguments: a file for its port, a folder: NUMBER.json is a status that mentions us (removed:
deleted), `limit` makes it refuse for two seconds, `drop` lose its next answer to a POST, `nonsense` answer no JSON."""
import http.server, json, os, sys, time, urllib.parse

net = sys.argv[2]
os.makedirs(net, exist_ok=True)
posted = {}  # Idempotency-Key -> status
limited = 0


def statuses():
    out = []
    for name in os.listdir(net):
        if name.endswith(".json") and not name.startswith("."):
            with open(os.path.join(net, name)) as f:
                s = json.load(f)
            s["id"] = name[:-5]
            out.append(s)
    return sorted(out, key=lambda s: int(s["id"]))


def take(name):
    try:
        os.unlink(os.path.join(net, name))
        return True
    except FileNotFoundError:
        return False


def status(s):
    acct = s.get("acct", "ann")
    return {"id": s["id"], "created_at": s.get("at", "2026-11-29T08:00:00.000Z"), "edited_at": s.get("edited_at"),
            "visibility": s.get("visibility", "public"), "spoiler_text": s.get("warning", ""), "content": s["content"],
            "in_reply_to_id": None, "url": "https://here.example/" + s["id"],
            "media_attachments": s.get("media", []), "mentions": [],
            "account": {"id": "9", "username": acct.split("@")[0], "acct": acct, "display_name": s.get("name", acct), "bot": False}}


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *a):
        pass

    def complain(self, why, code=400):
        with open("complaints", "a") as f:
            f.write("%s %s: %s\n" % (self.command, self.path, why))
        self.answer({"error": why}, code)

    def answer(self, o, code=200, headers=()):
        data = b"<html>Oops" if take("nonsense") else json.dumps(o).encode()
        self.send_response(code)
        self.send_header("Content-Type", "application/json; charset=utf-8")
        self.send_header("Content-Length", str(len(data)))
        for k, v in headers:
            self.send_header(k, v)
        self.end_headers()
        self.wfile.write(data)

    def begins(self):
        global limited
        if take("limit"):
            limited = time.time() + 2
        if time.time() < limited:
            at = time.strftime("%Y-%m-%dT%H:%M:%S.000000Z", time.gmtime(limited + 1))
            self.answer({"error": "Throttled"}, 429, [("X-RateLimit-Limit", "300"), ("X-RateLimit-Remaining", "0"), ("X-RateLimit-Reset", at)])
            with open("limited", "a") as f:
                f.write("%s %s\n" % (self.command, self.path))
            return False
        if self.headers["Authorization"] != "Bearer masto-token":
            self.answer({"error": "The access token is invalid"}, 401)
            return False
        return True

    def do_GET(self):
        if not self.begins():
            return
        url = urllib.parse.urlsplit(self.path)
        q = urllib.parse.parse_qs(url.query, strict_parsing=True) if url.query else {}
        if url.path == "/api/v1/accounts/verify_credentials":
            self.answer({"id": "1", "username": "acme", "acct": "acme"})
        elif url.path == "/api/v2/instance":
            self.answer({"domain": "here.example", "configuration": {"statuses": {"max_characters": 300, "characters_reserved_per_url": 23}}})
        elif url.path == "/api/v1/notifications":
            if set(q) - {"types[]", "limit", "min_id", "max_id"} or q["types[]"] != ["mention"] or not 1 <= int(q["limit"][0]) <= 40:
                return self.complain("parameters")
            v = statuses()
            n = int(q["limit"][0])
            if "min_id" in q:
                v = [s for s in v if int(s["id"]) > int(q["min_id"][0])][:n]
            else:
                v = [s for s in v if "max_id" not in q or int(s["id"]) < int(q["max_id"][0])][-n:]
            self.answer([{"id": s["id"], "type": "mention", "created_at": status(s)["created_at"], "account": status(s)["account"],
                          "status": status(s)} for s in reversed(v)])
        elif url.path.startswith("/api/v1/statuses/"):
            for s in statuses():
                if s["id"] == url.path.rsplit("/", 1)[1]:
                    return self.answer(status(s))
            self.answer({"error": "Record not found"}, 404)
        else:
            self.complain("no such path", 404)

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if not self.begins():
            return
        if self.path != "/api/v1/statuses" or self.headers["Content-Type"] != "application/json":
            return self.complain("path or type")
        o = json.loads(body)
        key = self.headers["Idempotency-Key"]
        if not key:
            return self.complain("no Idempotency-Key")
        if set(o) - {"status", "visibility", "in_reply_to_id"} or o["visibility"] not in ("public", "unlisted", "private", "direct"):
            return self.complain("members: " + json.dumps(o), 422)
        if len(o["status"]) > 300:
            return self.complain("Validation failed: Text character limit of 300 exceeded", 422)
        here = [s["id"] for s in statuses()] + [s["id"] for s in posted.values()]
        if o.get("in_reply_to_id") is not None and o["in_reply_to_id"] not in here:
            return self.answer({"error": "Record not found"}, 404)
        if key not in posted:
            posted[key] = dict(o, id=str(900000 + len(posted)))
            with open("posted", "a") as f:
                f.write(json.dumps(posted[key]) + "\n")
        if take("drop"):
            self.close_connection = True
            return
        self.answer({"id": posted[key]["id"], "content": o["status"], "visibility": o["visibility"]})


server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
server.daemon_threads = True
with open(sys.argv[1] + ".new", "w") as f:
    f.write(str(server.server_port))
os.rename(sys.argv[1] + ".new", sys.argv[1])
server.serve_forever()
