"""Asterisk's side of a call, for tests: agi.py [-c PORT] SCRIPT. A script has lines:
    v callerid: 0301234567        a variable (agi_callerid)
    ? STREAM FILE tkt/welcome*    the next command must look like this
    ! 200 result=0                what it is answered; before the next `?`
    s ...                         a line said without being asked
    r PATH SECONDS                makes a recording (8 kHz wav)
    x                             hangs up: closes the line
The end of the script waits for the program's end; commands beside are answered 200 result=0. Exit 1 says what differs."""
import fnmatch, os, socket, struct, subprocess, sys

connect = sys.argv[1] == "-c"
lines = [l.rstrip("\n") for l in open(sys.argv[3 if connect else 1], errors="surrogateescape")]
if connect:
    sock = socket.create_connection(("127.0.0.1", int(sys.argv[2])))
    rd, wr, child = sock.makefile("rb"), sock.makefile("wb"), None
else:
    child = subprocess.Popen(["phone-agi"], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    rd, wr = child.stdout, child.stdin


def say(s):
    try:
        wr.write(s.encode("utf-8", "surrogateescape") + b"\n")
        wr.flush()
    except (BrokenPipeError, ConnectionResetError, ValueError):
        pass


def fail(why):
    print(why)
    if child:
        child.kill()
    sys.exit(1)


for l in lines:
    if l.startswith("v "):
        say("agi_" + l[2:])
say("")
closed = False
for l in lines:
    if l.startswith("?"):
        got = rd.readline().decode().rstrip("\n")
        if not fnmatch.fnmatchcase(got, l[2:]):
            fail("wanted %r, got %r" % (l[2:], got))
    elif l.startswith(("!", "s ")):
        say(l[2:])
    elif l.startswith("r "):
        path, seconds = l[2:].split()
        data = b"\0\0" * 8000 * int(seconds)
        with open(path, "wb") as f:
            f.write(b"RIFF" + struct.pack("<I", 36 + len(data)) + b"WAVEfmt " + struct.pack("<IHHIIHH", 16, 1, 1, 8000, 16000, 2, 16)
                    + b"data" + struct.pack("<I", len(data)) + data)
    elif l == "x":
        closed = True
        wr.close()
        if connect:
            sock.shutdown(socket.SHUT_RDWR)
        break
while not closed:
    got = rd.readline()
    if not got:
        break
    say("200 result=0")
if child:
    if not closed:
        wr.close()
    sys.exit(child.wait(20))
