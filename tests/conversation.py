#!/usr/bin/env python3
"""A hundred conversations with a desk: conversation.py PORT MAILDIR THREADS MAILS ME

Customers write to support@acme.example by SMTP on PORT and answer what arrives in MAILDIR, each
in one of the ways that mail programs do; agents answer by tkt-reply what waits. ME is a
command that runs tkt programs as the desk's owner. It ends when every thread has MAILS mails,
and says what does not fit.
"""
import email, email.utils, glob, json, os, random, smtplib, subprocess, sys, time

port, maildir, threads, mails, me = int(sys.argv[1]), sys.argv[2], int(sys.argv[3]), int(sys.argv[4]), sys.argv[5].split()
random.seed(7)
sent = {c: 0 for c in range(threads)}  # by each customer
seen, copies, got = {}, 0, {c: [] for c in range(threads)}


def run(*words, text=None):
    p = subprocess.run(me + list(words), input=text, capture_output=True, text=True)
    if p.returncode != 0:
        sys.exit("%s: %d %s" % (words, p.returncode, p.stderr))
    return p.stdout


def say(customer, to, headers, text):
    sent[customer] += 1
    body = "From: C %d <c%d@example.com>\nTo: %s\nMessage-ID: <c%d-%d@example.com>\nDate: %s\n%s\n%s\n" % (
        customer, customer, to, customer, sent[customer], email.utils.formatdate(), headers, text)
    with smtplib.SMTP("127.0.0.1", port) as s:
        s.sendmail("c%d@example.com" % customer, [to], body)


def answer(customer, m):
    """By Reply-To as most do; else to the plain address with the ids that are left."""
    way = random.randrange(4)
    mine = m["Message-ID"]
    refs = " ".join((m["References"] or "").split())
    head = "Subject: Re: %s\n" % m["Subject"].replace("\n", " ")
    if way == 0:
        return say(customer, m["Reply-To"], head, "by token")
    if way == 1:
        return say(customer, "support@acme.example", "Subject: no number\nIn-Reply-To: %s\n" % mine, "by In-Reply-To")
    if way == 2:
        return say(customer, "support@acme.example", "Subject: no number\nReferences: %s %s\n" % (refs, mine), "by References")
    return say(customer, m["Reply-To"], head + "In-Reply-To: %s\nReferences: %s %s\n" % (mine, refs, mine), "as most do")


for c in range(threads):
    say(c, "support@acme.example", "Subject: case of %d\n" % c, "the first of %d" % c)
end = time.time() + 150
while time.time() < end:
    # Agents answer what waits.
    waiting = run("tkt-list", "phase:open", "waiting<-0s", "-o", "ids", "subject:/case of/").split()
    if waiting:
        run("tkt-reply", "-m", "An answer.", "--quiet", "--as", "alice", *waiting)
    # Customers answer what came.
    for path in glob.glob(maildir + "/new/*"):
        with open(path) as f:
            m = email.message_from_file(f)
        os.rename(path, path.replace("/new/", "/cur/"))
        customer = int(email.utils.parseaddr(m["To"])[1][1:].split("@")[0])
        if m["Message-ID"] in seen:
            copies += 1
            continue
        seen[m["Message-ID"]] = customer
        got[customer].append(m)
        if sent[customer] + len(got[customer]) < mails:
            answer(customer, m)
    if all(sent[c] + len(got[c]) >= mails for c in got):
        break
    time.sleep(0.05)

wrong = []
tickets = [json.loads(l) for l in run("tkt-list", "subject:/case of/", "-o", "json").splitlines()]
tickets = [t for t in tickets if t["type"] == "ticket"]
if len(tickets) != threads:
    wrong.append("%d tickets, not %d" % (len(tickets), threads))
for t in tickets:
    customer = int(t["subject"].split()[-1])
    thread = [json.loads(l) for l in run("tkt-show", str(t["id"]), "-o", "json").splitlines()]
    replies = [m for m in thread if m["type"] == "message" and m["kind"] == "reply"]
    came = [m["external_id"] for m in replies if m["direction"] == "in"]
    if came != ["<c%d-%d@example.com>" % (customer, k + 1) for k in range(sent[customer])]:
        wrong.append("ticket %d: %s of %d" % (t["id"], came, sent[customer]))
    if len(replies) - len(came) != len(got[customer]):
        wrong.append("ticket %d: %d answers, %d arrived" % (t["id"], len(replies) - len(came), len(got[customer])))
    if any("[Acme Support #%d]" % t["id"] not in m["Subject"] for m in got[customer]):
        wrong.append("ticket %d: another's answer" % t["id"])
total = sum(sent.values()) + sum(map(len, got.values()))
if total < threads * mails:
    wrong.append("%d mails, not %d" % (total, threads * mails))
print("figure: %d mails in %d threads, %d of them twice by a crash with the same id" % (total, len(tickets), copies))
print("\n".join(wrong[:20]))
sys.exit(bool(wrong))
