"""A feed for tests: the file ./feed with its ETag, 304 when it is the same. Argument: a file for its port. A line a
request goes to ./asked."""
import hashlib, http.server, os, sys


class Handler(http.server.BaseHTTPRequestHandler):
    def log_message(self, *a):
        pass

    def do_GET(self):
        with open("feed", "rb") as f:
            data = f.read()
        tag = '"%s"' % hashlib.sha256(data).hexdigest()[:16]
        same = self.headers["If-None-Match"] == tag
        with open("asked", "a") as f:
            f.write("%s %s\n" % (self.path, 304 if same else 200))
        self.send_response(304 if same else 200)
        self.send_header("ETag", tag)
        if not same:
            self.send_header("Content-Type", "application/rss+xml")
            self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        if not same:
            self.wfile.write(data)


server = http.server.HTTPServer(("127.0.0.1", 0), Handler)
with open(sys.argv[1] + ".new", "w") as f:
    f.write(str(server.server_port))
os.rename(sys.argv[1] + ".new", sys.argv[1])
server.serve_forever()
