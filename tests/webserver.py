#!/usr/bin/env python3
"""An HTTP server for tests: webserver.py PORTFILE DIR

It listens on a free port of 127.0.0.1 and writes each request's headers and body to
DIR/NNNN. The path says how it answers: /ok 200, /later 503, /gone 410, /hang never, /big
without end, /to?URL a redirect, /fast 200 and keeps nothing. To GET and HEAD, /NNN answers with
that status; /get does not know HEAD.
"""
import http.server, os, sys, threading, time

os.makedirs(sys.argv[2], exist_ok=True)
lock, count = threading.Lock(), 0


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = 65536

    def log_message(self, *args):
        pass

    def keep(self, body):
        global count
        with lock:
            count += 1
            name = os.path.join(sys.argv[2], "%06d" % count)
        with open(name + ".tmp", "wb") as f:
            f.write(("%s %s\n" % (self.command, self.path)).encode())
            for k, v in self.headers.items():
                f.write(("%s: %s\n" % (k, v)).encode())
            f.write(b"\n" + body)
        os.rename(name + ".tmp", name)

    def do_HEAD(self):
        self.keep(b"")
        if self.path.startswith("/to?"):
            self.send_response(302)
            self.send_header("Location", self.path[4:])
        elif self.path == "/get":
            self.send_response(405 if self.command == "HEAD" else 200)
        else:
            self.send_response(int(self.path[1:4]) if self.path[1:4].isdigit() else 200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    do_GET = do_HEAD

    def do_POST(self):
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        if self.path != "/fast":
            self.keep(body)
        code = {"/later": 503, "/gone": 410}.get(self.path, 200)
        if self.path == "/hang":
            time.sleep(3600)
        if self.path.startswith("/to?"):
            self.send_response(307)
            self.send_header("Location", self.path[4:])
            self.send_header("Content-Length", "0")
            self.end_headers()
            return
        self.send_response(code)
        if self.path == "/big":
            self.send_header("Content-Length", str(10 ** 10))
            self.end_headers()
            while True:
                self.wfile.write(b"x" * 65536)
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"ok")


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request, address):
        pass


server = Server(("127.0.0.1", 0), Handler)
with open(sys.argv[1] + ".tmp", "w") as f:
    f.write(str(server.server_address[1]))
os.rename(sys.argv[1] + ".tmp", sys.argv[1])
server.serve_forever()
