"""An IRC client for tests: port, nick, a file whose new lines it says, a file for what it hears."""
import os, select, socket, sys, time

port, nick, says, hears = int(sys.argv[1]), sys.argv[2], sys.argv[3], sys.argv[4]
s = socket.create_connection(("127.0.0.1", port))
s.sendall(f"NICK {nick}\r\nUSER {nick} 0 * :{nick}\r\n".encode())
heard, rest, at = open(hears, "wb", buffering=0), b"", 0
welcome = False
while True:
    r, _, _ = select.select([s], [], [], 0.05)
    if r:
        data = s.recv(65536)
        if not data:
            break
        rest += data
        while b"\n" in rest:
            line, rest = rest.split(b"\n", 1)
            heard.write(line.rstrip(b"\r") + b"\n")
            if line.startswith(b"PING"):
                s.sendall(b"PONG" + line[4:] + b"\n")
            if b" 001 " in line:
                welcome = True
    if welcome and os.path.exists(says):
        with open(says, "rb") as f:
            f.seek(at)
            new = f.read()
        if b"\n" in new:
            new = new[: new.rindex(b"\n") + 1]
            at += len(new)
            for line in new.splitlines():
                s.sendall(line + b"\r\n")
                time.sleep(0.01)
