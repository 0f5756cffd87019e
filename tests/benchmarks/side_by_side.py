"""What all benchmark scripts share: the best of several runs, a row beside a peer, the table.

A script is ``present(__doc__, rows)``, where ``rows(quick)`` yields the rows of `line`. With ``--json`` it prints one
object a line; with ``--quick`` it takes small sizes, as a smoke test. It ends with 1 if a check failed.
"""

import argparse
import json
import time


def best(work, repeat=5):
    """Seconds of the fastest of several runs, after one that compiles."""
    work()
    times = []
    for _ in range(repeat):
        begin = time.perf_counter()
        work()
        times.append(time.perf_counter() - begin)
    return min(times)


def line(work, size, ours, peer, peer_name, unit, check):
    """Rates are better when larger, times when smaller; `peer` is None where it is not installed."""
    ratio = None if peer is None else (ours / peer if unit.endswith("/s") else peer / ours)
    return {
        "work": work, "size": size, "ours": ours, "peer": peer, "peer_name": peer_name, "unit": unit,
        "ratio": ratio, "check": bool(check),
    }  # fmt: skip


def present(description, rows):
    parser = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", action="store_true", help="one object a line")
    parser.add_argument("--quick", action="store_true", help="small sizes, for a smoke test")
    options = parser.parse_args()
    failed = False
    if not options.json:
        print(f"{'work':36} {'size':>12} {'ours':>10} {'peer':>10} {'unit':9} {'ratio':>8} check  peer")
    for row in rows(options.quick):
        failed |= not row["check"]
        if options.json:
            print(json.dumps(row), flush=True)
            continue
        peer, ratio = ("-" if row[k] is None else f"{row[k]:.3g}" for k in ("peer", "ratio"))
        print(
            f"{row['work']:36} {row['size']!s:>12} {row['ours']:10.3g} {peer:>10} {row['unit']:9} {ratio:>8} "
            f"{'ok' if row['check'] else 'FAILED':6} {row['peer_name'] or ''}",
            flush=True,
        )
    raise SystemExit(int(failed))
