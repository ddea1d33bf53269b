#!/usr/bin/python3
"""A channel program that replays 72 hours of chat, for tests: ../../plan.json says how many lines, of how many people, and how
often it dies (at any point). Lines that have no ack are said again, in their order; answers are kept by their id in ./answers.
All it says is drawn from the plan's seed, so that the test can say what must be there."""
import json, os, random, select, sys, time

with open(os.environ["REPLAY_PLAN"]) as f:
    plan = json.load(f)
dice = random.Random()  # when it dies is nobody's plan


def lines():
    r, count = random.Random(plan["seed"]), {}
    start = plan["start"]
    for i in range(plan["lines"]):
        p = "p%d" % r.randrange(plan["people"])
        count[p] = count.get(p, 0) + 1
        at = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(start + i * 72 * 3600 // plan["lines"]))
        yield {"type": "message", "id": "r%d" % i, "conversation": p, "address": p, "name": p.upper(), "at": at,
               "text": "%s says %d%s" % (p, count[p], " \u00e4\u20ac" if i % 7 == 0 else "")}


def known(name):
    try:
        with open(name) as f:
            return [l.rstrip("\n") for l in f]
    except FileNotFoundError:
        return []


def die():
    if dice.random() < plan["dies"]:
        os._exit(dice.choice([0, 1, 7]))


acked, answers = set(known("acked")), set(a.split("\t")[0] for a in known("answers"))
out = sys.stdout
out.write('{"type":"hello","name":"replay","version":"1","can":[]}\n')
left = [l for l in lines() if l["id"] not in acked]
at, under_way, rest = 0, 0, b""
while True:
    time.sleep(0.02)  # slow enough that death comes in the middle
    while at < len(left) and under_way < 10:
        out.write(json.dumps(left[at]) + "\n")
        at += 1
        under_way += 1
    out.flush()
    die()
    if not select.select([0], [], [], 0.2)[0]:
        continue
    data = os.read(0, 65536)
    if not data:
        break
    rest += data
    while b"\n" in rest:
        line, rest = rest.split(b"\n", 1)
        o = json.loads(line)
        if o["type"] == "ack":
            if o["outcome"] == "refused":
                with open("refused", "a") as f:
                    f.write("%s %s\n" % (o["id"], o.get("reason")))
            with open("acked", "a") as f:
                f.write(o["id"] + "\n")
            under_way -= 1
        elif o["type"] == "send":
            if o["id"] not in answers:
                answers.add(o["id"])
                with open("answers", "a") as f:
                    f.write("%s\t%s\t%s\n" % (o["id"], o["conversation"], o["text"]))
            die()
            out.write(json.dumps({"type": "delivered", "id": o["id"]}) + "\n")
        elif o["type"] == "ping":
            out.write('{"type":"pong"}\n')
