#!/usr/bin/python3
"""A channel program for make bench: says MANY messages as fast as they are taken (at most 500 without an
answer), then 200 one by one; writes messages a second and the p50 and p95 of the latter, in ms, to ./figures."""
import json, os, sys, time

many = int(os.environ["CHAT_MANY"])


def say(i):
    o = {"type": "message", "id": "m%d" % i, "conversation": "c%d" % (i % 200), "address": "c%d" % (i % 200), "text": "The printer on floor %d prints blank pages, and what I tried has not helped." % i, "at": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())}
    sys.stdout.write(json.dumps(o) + "\n")
    sys.stdout.flush()


def ack():
    while True:
        o = json.loads(sys.stdin.readline())
        if o["type"] == "ack":
            assert o["outcome"] in ("created", "appended"), o
            return


sys.stdout.write('{"type":"hello","name":"bench","version":"1"}\n')
begin, said, acked = time.time(), 0, 0
while acked < many:
    while said < many and said - acked < 500:
        say(said)
        said += 1
    ack()
    acked += 1
rate = many / (time.time() - begin)
took = []
for i in range(many, many + 200):
    t = time.time()
    say(i)
    ack()
    took.append((time.time() - t) * 1000)
took.sort()
with open("figures.new", "w") as f:
    f.write("%d %.1f %.1f\n" % (rate, took[100], took[190]))
os.rename("figures.new", "figures")
for line in sys.stdin:
    pass
