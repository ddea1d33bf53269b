#!/usr/bin/python3
"""For make bench: says 200 lines to the nick `acme` on an IRC server (port), one by one, and reads the records that
chat-bridge prints when each is a durable message (file). Prints the p50 and p95 of the time between, in ms."""
import socket, sys, time

s = socket.create_connection(("127.0.0.1", int(sys.argv[1])))
s.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
s.sendall(b"NICK ann\r\nUSER ann 0 * :ann\r\n")
while b" 001 " not in s.recv(65536):
    pass
for _ in range(100):  # until the bridge is there
    s.sendall(b"ISON acme\r\n")
    time.sleep(0.1)
    if b"303 ann :acme" in s.recv(65536):
        break
took = []
with open(sys.argv[2]) as f:
    for i in range(210):
        begin = time.time()
        s.sendall(b"PRIVMSG acme :The printer on floor %d prints blank pages again.\r\n" % i)
        while not f.readline().endswith("\n"):
            time.sleep(0.0001)
            assert time.time() - begin < 10, "it is not filed"
        took.append((time.time() - begin) * 1000)
        time.sleep(0.005)
took = sorted(took[10:])
print("%.1f %.1f" % (took[100], took[190]))
