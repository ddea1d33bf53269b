"""Median wall time of whole processes, in ms.

median.py RUNS COMMAND...            fork to exit, output thrown away
median.py RUNS -i FILE COMMAND...    with FILE on standard input
median.py RUNS -x COMMAND...         exit 1 and 2 (a check that found something) are good
median.py RUNS -n DIR COMMAND...     with DIR/1, DIR/2, ... on standard input in turn
median.py -m COMMAND...              peak memory of one run, in MB
"""
import os
import resource
import statistics
import subprocess
import sys
import time

args = sys.argv[1:]
if args[0] == "-m":
    subprocess.run(args[1:], stdout=subprocess.DEVNULL, check=True)
    print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss // 1024)
    sys.exit()
runs, args = int(args[0]), args[1:]
mode, where = None, None
good = (0, 256, 512) if args[0] == "-x" else (0,)
if args[0] == "-x":
    args = args[1:]
if args[0] in ("-i", "-n"):
    mode, where, args = args[0], args[1], args[2:]
null = os.open(os.devnull, os.O_RDWR)
times = []
for i in range(runs):
    source = null
    if mode == "-i":
        source = os.open(where, os.O_RDONLY)
    elif mode == "-n":
        source = os.open(f"{where}/{i + 1}", os.O_RDONLY)
    start = time.perf_counter_ns()
    pid = os.posix_spawnp(args[0], args, os.environ, file_actions=[
        (os.POSIX_SPAWN_DUP2, source, 0), (os.POSIX_SPAWN_DUP2, null, 1)])
    status = os.waitpid(pid, 0)[1]
    times.append(time.perf_counter_ns() - start)
    if status not in good:
        sys.exit(f"median.py: {args}: status {status}")
    if source != null:
        os.close(source)
print(f"{statistics.median(times) / 1e6:.2f}")
