"""matterbridge's API for tests: GET /api/stream (JSON lines of what is put into the folder), POST /api/message
(a JSON line in ./sent). Arguments: a file for its port, the folder."""
import http.server, json, os, sys, threading, time

os.makedirs(sys.argv[2], exist_ok=True)


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *a):
        pass

    def do_GET(self):
        assert self.path == "/api/stream" and self.headers["Authorization"] == "Bearer mb-token"
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        self.chunk('{"text":"","event":"api_connected","gateway":"","id":""}\n')
        open("streaming", "w").close()
        while True:
            for name in sorted(os.listdir(sys.argv[2])):
                if not name.startswith("."):
                    with open(os.path.join(sys.argv[2], name)) as f:
                        text = f.read()
                    os.unlink(os.path.join(sys.argv[2], name))
                    # In pieces that end anywhere.
                    for i in range(0, len(text), 37):
                        self.chunk(text[i : i + 37])
            time.sleep(0.05)

    def chunk(self, s):
        b = s.encode()
        self.wfile.write(b"%x\r\n%s\r\n" % (len(b), b))
        self.wfile.flush()

    def do_POST(self):
        assert self.path == "/api/message" and self.headers["Authorization"] == "Bearer mb-token"
        o = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        with open("sent", "a") as f:
            f.write(json.dumps(o) + "\n")
        data = json.dumps(o).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)


server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
server.daemon_threads = True
with open(sys.argv[1] + ".new", "w") as f:
    f.write(str(server.server_port))
os.rename(sys.argv[1] + ".new", sys.argv[1])
server.serve_forever()
