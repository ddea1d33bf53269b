"""Bluesky's XRPC methods for tests, as docs.bsky.app describes them, and strict: what a server would refuse is refused,
and a line in ./complaints. Arguments: a file for its port, a folder: NUMBER.json is a notification (NUMBER orders them),
NUMBER.chat a direct message; a removed one is deleted. `expire` makes the session expire, `limit` refuse for two seconds."""
import http.server, json, os, re, sys, time, urllib.parse

net = sys.argv[2]
os.makedirs(net, exist_ok=True)
records, session, limited, chats = {}, 0, 0, []
TID = re.compile(r"^[234567abcdefghij][234567abcdefghijklmnopqrstuvwxyz]{12}$")


def files(end):
    out = []
    for name in os.listdir(net):
        if name.endswith(end) and not name.startswith("."):
            with open(os.path.join(net, name)) as f:
                o = json.load(f)
            o["n"] = int(name.split(".")[0])
            out.append(o)
    return sorted(out, key=lambda o: o["n"])


def take(name):
    try:
        os.unlink(os.path.join(net, name))
        return True
    except FileNotFoundError:
        return False


def stamp(n):
    return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(1795939200 + n)) + ".000Z"


def uri(o):
    return "at://%s/app.bsky.feed.post/3k%011d" % (o["did"], o["n"])


def post(o):
    return {"uri": uri(o), "cid": "cid%d" % o["n"], "author": {"did": o["did"], "handle": o["handle"], "displayName": o.get("name", "")},
            "record": dict({"$type": "app.bsky.feed.post", "text": o["text"], "createdAt": stamp(o["n"])}, **({"reply": o["reply"]} if "reply" in o else {})),
            "indexedAt": stamp(o["n"])}


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *a):
        pass

    def answer(self, o, code=200, headers=()):
        data = json.dumps(o).encode()
        self.send_response(code)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        for k, v in headers:
            self.send_header(k, v)
        self.end_headers()
        self.wfile.write(data)

    def complain(self, why, code=400):
        with open("complaints", "a") as f:
            f.write("%s %s: %s\n" % (self.command, self.path, why))
        self.answer({"error": "InvalidRequest", "message": why}, code)

    def begins(self, token):
        global limited, session
        if take("expire"):
            session += 1
        if take("limit"):
            limited = time.time() + 2
        if time.time() < limited:
            self.answer({"error": "RateLimitExceeded"}, 429, [("RateLimit-Remaining", "0"), ("RateLimit-Reset", str(int(limited + 1)))])
            return False
        given = self.headers["Authorization"]
        if given == "Bearer %s%d" % (token, session):
            return True
        if given and given.startswith("Bearer " + token):
            self.answer({"error": "ExpiredToken", "message": "Token has expired"}, 400)
        else:
            self.complain("token: %s" % given, 401)
        return False

    def do_GET(self):
        if not self.begins("access"):
            return
        url = urllib.parse.urlsplit(self.path)
        q = urllib.parse.parse_qs(url.query, strict_parsing=True) if url.query else {}
        method = url.path[len("/xrpc/"):]
        if method.startswith("chat.") != (self.headers["atproto-proxy"] == "did:web:api.bsky.chat#bsky_chat"):
            return self.complain("proxy header")
        if method == "app.bsky.notification.listNotifications":
            n = int(q["limit"][0])
            if not 1 <= n <= 100 or set(q) - {"limit", "cursor"}:
                return self.complain("parameters")
            v = list(reversed(files(".json")))
            if "cursor" in q:
                v = [o for o in v if o["n"] < int(q["cursor"][0])]
            page = v[:n]
            out = {"notifications": [dict(post(o), reason=o.get("reason", "mention"), isRead=False) for o in page], "seenAt": stamp(0)}
            if len(v) > n:
                out["cursor"] = str(page[-1]["n"])
            self.answer(out)
        elif method == "app.bsky.feed.getPosts":
            if not 1 <= len(q["uris"]) <= 25 or any(not u.startswith("at://") for u in q["uris"]):
                return self.complain("uris")
            self.answer({"posts": [post(o) for o in files(".json") if uri(o) in q["uris"]]})
        elif method == "chat.bsky.convo.listConvos":
            self.answer({"convos": [{"id": o["convo"], "members": [{"did": o["did"], "handle": o["handle"], "displayName": o.get("name", "")}]} for o in files(".chat")]})
        elif method == "chat.bsky.convo.getLog":
            after = int(q["cursor"][0]) if "cursor" in q else -1
            v = [o for o in files(".chat") if o["n"] > after]
            last = v[-1]["n"] if v else max(after, 0)
            self.answer({"cursor": str(last), "logs": [{"$type": "chat.bsky.convo.defs#logCreateMessage", "rev": str(o["n"]), "convoId": o["convo"],
                         "message": {"id": "m%d" % o["n"], "rev": str(o["n"]), "text": o["text"], "sender": {"did": o["did"]}, "sentAt": stamp(o["n"])}} for o in v]})
        else:
            self.complain("no such method", 404)

    def do_POST(self):
        data = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        method = self.path[len("/xrpc/"):]
        if method == "com.atproto.server.createSession":
            o = json.loads(data)
            if o != {"identifier": "acme.example", "password": "app-pass"}:
                return self.answer({"error": "AuthenticationRequired", "message": "Invalid identifier or password"}, 401)
            return self.answer(self.tokens())
        if method == "com.atproto.server.refreshSession":
            if not (self.headers["Authorization"] or "").startswith("Bearer refresh"):
                return self.complain("refresh token", 401)
            with open("refreshed", "a") as f:
                f.write("once\n")
            return self.answer(self.tokens())
        if not self.begins("access"):
            return
        o = json.loads(data)
        if self.headers["Content-Type"] != "application/json":
            return self.complain("type")
        if method == "com.atproto.repo.putRecord":
            r = o["record"]
            if set(o) != {"repo", "collection", "rkey", "record"} or o["repo"] != "did:plc:acme" or not TID.match(o["rkey"]):
                return self.complain("record: " + json.dumps(o))
            if r["$type"] != "app.bsky.feed.post" or len(r["text"]) > 300 or not r["createdAt"].startswith("2026-"):
                return self.complain("post: " + json.dumps(r))
            if "reply" in r and set(r["reply"]) != {"root", "parent"}:
                return self.complain("reply: " + json.dumps(r))
            if o["rkey"] in records and records[o["rkey"]] != r:
                return self.complain("another record with the same key")
            if o["rkey"] not in records:
                records[o["rkey"]] = r
                with open("posted", "a") as f:
                    f.write(json.dumps(r) + "\n")
            if take("drop"):
                self.close_connection = True
                return
            self.answer({"uri": "at://did:plc:acme/app.bsky.feed.post/" + o["rkey"], "cid": "cid-" + o["rkey"]})
        elif method == "chat.bsky.convo.sendMessage":
            if set(o) != {"convoId", "message"} or set(o["message"]) != {"text"} or len(o["message"]["text"]) > 1000:
                return self.complain("message: " + json.dumps(o))
            if self.headers["atproto-proxy"] != "did:web:api.bsky.chat#bsky_chat":
                return self.complain("proxy header")
            with open("chatted", "a") as f:
                f.write(json.dumps(o) + "\n")
            self.answer({"id": "x", "rev": "1", "text": o["message"]["text"], "sender": {"did": "did:plc:acme"}, "sentAt": stamp(0)})
        else:
            self.complain("no such method", 404)

    def tokens(self):
        return {"did": "did:plc:acme", "handle": "acme.example", "accessJwt": "access%d" % session, "refreshJwt": "refresh%d" % session}


server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
server.daemon_threads = True
with open(sys.argv[1] + ".new", "w") as f:
    f.write(str(server.server_port))
os.rename(sys.argv[1] + ".new", sys.argv[1])
server.serve_forever()
