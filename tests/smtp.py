#!/usr/bin/env python3
"""An SMTP server for tests: smtp.py PORTFILE DIR [--cert PEM [--implicit]] [--login USER:PASSWORD | --bearer TOKEN]

It listens on a free port of 127.0.0.1, writes it to PORTFILE and each mail it takes to
DIR/NNNN.eml, below X-From and X-To lines of the envelope. What a recipient is called says how
it fails: defer 451, nouser 550 5.1.1, full 552 after the data, drop: the line is cut at the
data, hang: no answer any more, busy: 421, slow: a second's delay, early: cut behind the data,
unanswered, once.
"""
import argparse, base64, os, socket, ssl, sys, threading, time

a = argparse.ArgumentParser()
a.add_argument("portfile")
a.add_argument("dir")
a.add_argument("--cert")
a.add_argument("--implicit", action="store_true")
a.add_argument("--login")
a.add_argument("--bearer")
o = a.parse_args()
os.makedirs(o.dir, exist_ok=True)
lock = threading.Lock()
count = len(os.listdir(o.dir))
cut = set()
log = open(o.portfile + ".log", "a", buffering=1)


def keep(sender, to, data):
    global count
    with lock:
        count += 1
        name = os.path.join(o.dir, "%06d" % count)
    with open(name + ".tmp", "wb") as f:
        f.write(("X-From: <%s>\nX-To: %s\n" % (sender, " ".join(to))).encode())
        f.write(data.replace(b"\r\n", b"\n"))
    os.rename(name + ".tmp", name + ".eml")


class Session:
    def __init__(self, sock):
        self.sock, self.file, self.tls, self.auth = sock, sock.makefile("rb"), o.implicit, False

    def say(self, text):
        self.sock.sendall(text.encode() + b"\r\n")

    def secure(self):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(o.cert)
        self.sock = context.wrap_socket(self.sock, server_side=True)
        self.file = self.sock.makefile("rb")
        self.tls = True

    def login(self, words):
        kind = words[1].upper()
        if len(words) < 3:
            self.say("334 ")
            text = self.file.readline().decode().strip()
        else:
            text = words[2]
        said = base64.b64decode(text).decode()
        if kind == "PLAIN":
            good = o.login and said.split("\0")[1:] == o.login.split(":")
        else:
            good = o.bearer and "auth=Bearer " + o.bearer in said
        self.auth = bool(good)
        self.say("235 2.7.0 welcome" if good else "535 5.7.8 no")

    def hello(self, verb):
        if verb == "HELO":
            return self.say("250 smtp.test")
        lines = ["smtp.test", "8BITMIME", "ENHANCEDSTATUSCODES"]
        if o.cert and not self.tls:
            lines.append("STARTTLS")
        if o.login:
            lines.append("AUTH PLAIN")
        if o.bearer:
            lines.append("AUTH XOAUTH2")
        for line in lines[:-1]:
            self.say("250-" + line)
        self.say("250 " + lines[-1])

    def data(self):
        self.say("354 go on")
        out = []
        for line in self.file:
            if line == b".\r\n":
                return b"".join(out)
            out.append(line[1:] if line.startswith(b".") else line)
        return None

    def run(self):
        if o.implicit:
            self.secure()
        self.say("220 smtp.test ESMTP")
        sender, to = "", []
        while raw := self.file.readline():  # another file after STARTTLS
            line = raw.decode("utf-8", "replace").strip()
            log.write(line + "\n")
            verb = line.split(" ")[0].upper()
            if verb in ("EHLO", "HELO"):
                self.hello(verb)
            elif verb == "STARTTLS" and o.cert:
                self.say("220 go ahead")
                self.secure()
            elif verb == "AUTH":
                self.login(line.split(" "))
            elif verb == "MAIL":
                if (o.login or o.bearer) and not self.auth:
                    self.say("530 5.7.0 authentication required")
                    continue
                sender, to = line.split("<", 1)[1].split(">")[0], []
                self.say("250 2.1.0 ok")
            elif verb == "RCPT":
                address = line.split("<", 1)[1].split(">")[0]
                name = address.split("@")[0]
                if name == "hang":
                    time.sleep(3600)
                if name == "slow":
                    time.sleep(1)
                if name == "busy":
                    self.say("421 4.3.2 too busy")
                    return
                if name == "defer":
                    self.say("451 4.7.1 come back later")
                elif name == "nouser":
                    self.say("550 5.1.1 no such user")
                else:
                    to.append(address)
                    self.say("250 2.1.5 ok")
            elif verb == "DATA":
                if any(t.startswith("drop@") for t in to):
                    return
                body = self.data()
                if body is None:
                    return
                if any(t.startswith("full@") for t in to):
                    self.say("552 5.2.2 mailbox full")
                    continue
                keep(sender, to, body)
                early = [t for t in to if t.startswith("early") and t not in cut]
                if early:
                    cut.update(early)
                    return
                self.say("250 2.0.0 taken")
            elif verb == "RSET":
                sender, to = "", []
                self.say("250 2.0.0 ok")
            elif verb == "QUIT":
                self.say("221 2.0.0 bye")
                return
            else:
                self.say("502 5.5.2 what?")


def serve(sock):
    try:
        Session(sock).run()
    except (OSError, ssl.SSLError, ValueError, IndexError):
        pass
    finally:
        sock.close()


listener = socket.create_server(("127.0.0.1", 0))
with open(o.portfile + ".tmp", "w") as f:
    f.write(str(listener.getsockname()[1]))
os.rename(o.portfile + ".tmp", o.portfile)
while True:
    client, _ = listener.accept()
    client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    threading.Thread(target=serve, args=(client,), daemon=True).start()
