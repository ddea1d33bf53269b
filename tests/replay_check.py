"""Is what the plan says there: each line once, each person's in order, each answer said once? Arguments: plan, store, folder."""
import importlib.util, json, os, sqlite3, sys

plan_file, store, folder = sys.argv[1:]
os.environ["REPLAY_PLAN"] = plan_file
src = open(os.path.join(os.path.dirname(__file__), "replay.py")).read()
space = {}
exec(src[: src.index("acked, answers =")], space)
wanted = {}
for l in space["lines"]():
    wanted.setdefault(l["conversation"], []).append((l["text"], l["at"]))
db = sqlite3.connect("file:%s?mode=ro" % store, uri=True)
got = {}
for who, text, at in db.execute("SELECT author_address, body, strftime('%Y-%m-%dT%H:%M:%SZ', created_at / 1000, 'unixepoch') FROM message "
                                "WHERE direction = 'in' AND channel = 'chat' ORDER BY id"):
    got.setdefault(who.split("/")[1], []).append((text, at))
bad = 0
for p in sorted(set(wanted) | set(got)):
    if wanted.get(p) != got.get(p):
        w, g = wanted.get(p, []), got.get(p, [])
        print("%s: %d wanted, %d there; lost %s, twice %s" % (p, len(w), len(g), [x for x in w if x not in g][:3], sorted(set(x for x in g if g.count(x) > 1))[:3]))
        bad += 1
said = [l.rstrip("\n").split("\t")[2] for l in open(os.path.join(folder, "answers"))] if os.path.exists(os.path.join(folder, "answers")) else []
replies = [r[0] for r in db.execute("SELECT body FROM message WHERE direction = 'out' AND kind = 'reply' AND author LIKE 'agent:%'")]
replies = [r for r in replies if r.startswith("answer ")]
if sorted(said) != sorted(replies):
    print("answers: %d written, %d said; lost %s, twice %s" % (len(replies), len(said), sorted(set(replies) - set(said))[:3], sorted(set(s for s in said if said.count(s) > 1))[:3]))
    bad += 1
print("%d lines of %d people, %d answers" % (sum(map(len, got.values())), len(got), len(said)))
sys.exit(1 if bad else 0)
