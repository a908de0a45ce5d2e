#!/usr/bin/python3
"""Hotspot rows parsed a second, beside a bare scan for line ends in the same run (make bench).

The table is made here: a day of the world as FIRMS writes it, 52,377 rows. CPU time, so other load hardly counts.
"""
import argparse
import json
import random
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
ROWS = 52377
HEADER = ("latitude,longitude,brightness,scan,track,acq_date,acq_time,satellite,confidence,version,bright_t31,frp,"
          "daynight\n")


def make_table(path):
    """Fires in clusters, as they burn, by granules of five minutes."""
    chance = random.Random(4)
    lines = [HEADER]
    while len(lines) <= ROWS:
        latitude, longitude = chance.uniform(-55, 70), chance.uniform(-170, 175)
        minute, satellite = 5 * chance.randrange(288), chance.choice("TA")
        for _ in range(min(chance.randint(1, 12), ROWS + 1 - len(lines))):
            lines.append(f"{latitude + chance.uniform(0, 0.05):.5f},{longitude + chance.uniform(0, 0.05):.5f},"
                         f"{chance.uniform(300, 400):.2f},{chance.uniform(1, 4.8):.2f},{chance.uniform(1, 2):.2f},"
                         f"2026-04-04,{minute // 60:02}{minute % 60:02},{satellite},{chance.randint(0, 100)},6.1NRT,"
                         f"{chance.uniform(280, 310):.2f},{chance.uniform(3, 300):.2f},{chance.choice('DN')}\n")
    path.write_text("".join(lines))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", default="build")
    parser.add_argument("--rounds", type=int, default=20)
    parser.add_argument("--json", type=Path, help="write the figures there too")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="linhuo-bench-") as folder:
        table = Path(folder) / "world.csv"
        make_table(table)
        program = ROOT / arguments.build / "tests" / "hotspot_bench"
        done = subprocess.run([program, table, str(arguments.rounds)], capture_output=True, text=True)
    if done.returncode:
        sys.exit(done.stderr)
    figures = json.loads(done.stdout)
    assert figures["rows"] == ROWS, figures
    rate, ratio = figures["rows"] / figures["parse_s"], figures["parse_s"] / figures["scan_s"]
    print(f"\nhotspots of a day of the world, {ROWS} rows: parsed in {1000 * figures['parse_s']:.1f} ms, "
          f"{rate / 1e6:.2f} million rows a second, {ratio:.0f} times a bare scan for line ends; "
          f"grouped in {1000 * figures['group_s']:.0f} ms, taken into the log in {1000 * figures['log_s']:.0f} ms")
    if arguments.json:
        arguments.json.write_text(json.dumps({**figures, "rows_per_s": rate, "ratio": ratio}, indent=1))


if __name__ == "__main__":
    main()
