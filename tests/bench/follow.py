"""Median ms from the end of a tkt-set, whose change is durable then, to its event from
tkt-log --follow; below 0 when it was printed before the writer had exited.

follow.py DESK TIMES
"""
import statistics
import subprocess
import sys
import threading
import time

desk, times = sys.argv[1], int(sys.argv[2])
log = subprocess.Popen(["tkt-log", "-D", desk, "--follow", "--since", "-1s"],
                       stdout=subprocess.PIPE, text=True)
printed = {}


def listen():
    for line in log.stdout:
        at = time.perf_counter()
        for i in range(times):
            if f'"bench-{i}"' in line:
                printed[i] = at


threading.Thread(target=listen, daemon=True).start()
time.sleep(0.5)
took = []
for i in range(times):
    subprocess.run(["tkt-set", "-D", desk, "1", f"external_id=bench-{i}", "--quiet"],
                   stdout=subprocess.DEVNULL, check=True)
    end = time.perf_counter()
    while i not in printed and time.perf_counter() < end + 5:
        time.sleep(0.0005)
    took.append((printed.get(i, end + 5) - end) * 1000)
log.kill()
print(f"{statistics.median(took):.2f}")
