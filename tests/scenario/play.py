#!/usr/bin/python3
"""Plays scenarios through the real `linhuo replay` and compares what it believes with what a person expects.

    tests/scenario/play.py                          all of them, as a table
    tests/scenario/play.py chimney two-fires        only these
    tests/scenario/play.py --linhuo build/linhuo --keep out camera-alone

A scenario is a folder here:
    events.jsonl     what happens (engine/scenario.h)
    site.yaml        what its site file has beside or in place of county.yaml's; may be missing
    expected.yaml    tells: one sentence; incidents: as they stand at the end, in the order of their first revision:
        state, priority, alarm (the alarm's state), probability [low, high], witnesses, evidence (pieces), reasons
        (words that must occur), place (text), permit, ban, danger_level, named_by (kind in its identifier),
        cue: {state of the last one, cameras (all that can look), azimuth_deg {camera: within half a degree}}, at: {latitude, longitude, within_m, inside: in the 95 % region}
      and beside them kept_only: nothing is published; more_than: another scenario, whose first incident must be less
      probable; terrain: a file below LINHUO_DATA in place of the invented bowl

Exit status: 0 as expected, 1 not, 77 nothing could be played.
"""
import argparse
import json
import math
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy
import yaml

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
DATA = Path(os.environ.get("LINHUO_DATA", ROOT.parent / "shared" / "data"))
SKIPPED = 77


class Absent(Exception):
    """What a scenario needs is not here."""


def write_bowl(path):
    """N37E111 in the form of SRTM at 3 seconds: a bowl 18 km across about 37.68 N 111.8 E, 6 m higher for each square
    of a kilometre from its middle, so that from its slopes all of it is seen; level beyond."""
    latitude = numpy.linspace(38, 37, 1201)[:, None]
    longitude = numpy.linspace(111, 112, 1201)[None, :]
    off_km = numpy.hypot((longitude - 111.8) * 88.2, (latitude - 37.68) * 111)
    height = 1000 + 6 * numpy.minimum(off_km, 9) ** 2
    height.round().astype(">i2").tofile(path)


def merged(base, more):
    """more's keys over base's; mappings within mappings, lists are replaced."""
    if not isinstance(base, dict) or not isinstance(more, dict):
        return more
    return {**base, **{key: merged(base.get(key), value) for key, value in more.items()}}


def lay_out(scenario, expected, folder):
    """A folder with the scenario's files, its whole site file, and the ground."""
    for source in (*HERE.glob("*.geojson"), *scenario.iterdir()):
        if source.name not in ("site.yaml", "expected.yaml"):
            shutil.copy(source, folder)
    site = yaml.safe_load((HERE / "county.yaml").read_text())
    own = scenario / "site.yaml"
    if own.exists():
        site = merged(site, yaml.safe_load(own.read_text()))
    if "terrain" in expected:
        terrain = DATA / expected["terrain"]
        if not terrain.exists():
            raise Absent(f"no {expected['terrain']} in {DATA} (LINHUO_DATA says where it is)")
        site["terrain"]["files"] = [str(terrain.resolve())]
    else:
        write_bowl(folder / "N37E111.hgt")
    (folder / "site.yaml").write_text(yaml.safe_dump(site, allow_unicode=True, sort_keys=False))


def replay(linhuo, folder):
    """All revisions in order, and all cues."""
    command = [linhuo, "replay", folder / "site.yaml", "--events", folder / "events.jsonl", "--json", "--kept", "--quiet"]
    done = subprocess.run([str(word) for word in command], capture_output=True, text=True, timeout=600)
    if done.returncode != 0:
        raise RuntimeError(f"linhuo replay: exit {done.returncode}\n{done.stderr[-2000:]}")
    messages = [json.loads(line) for line in done.stdout.splitlines()]
    return ([message for message in messages if message["schema"].startswith("linhuo/alarm/")],
            [message for message in messages if message["schema"].startswith("linhuo/cue/")])


def latest(revisions):
    """The last word on each incident that was not merged into another, in the order of their first."""
    last = {}
    for revision in revisions:
        last[revision["id"]] = revision
    return [alarm for alarm in last.values() if not alarm["incident"]["merged_into"]]


def offset_m(ellipse, at):
    """East and north from the ellipse's centre; a plane is good enough for what is near."""
    north = (at["latitude"] - ellipse["latitude_deg"]) * 111_132.95
    east = (at["longitude"] - ellipse["longitude_deg"]) * 111_319.5 * math.cos(math.radians(at["latitude"]))
    return east, north


def holds(ellipse, at):
    """True when the place is in the ellipse, which is that of 95 %."""
    east, north = offset_m(ellipse, at)
    azimuth = math.radians(ellipse["azimuth_deg"])
    along = east * math.sin(azimuth) + north * math.cos(azimuth)
    across = east * math.cos(azimuth) - north * math.sin(azimuth)
    return (along / ellipse["major_m"]) ** 2 + (across / ellipse["minor_m"]) ** 2 <= 1


def best_ellipse(alarm):
    ellipses = (alarm["position"] or {}).get("ellipses") or []
    return max(ellipses, key=lambda ellipse: ellipse["weight"], default=None)


def misplaced(alarm, at):
    best = best_ellipse(alarm)
    if best is None:
        yield f"position: {alarm['position']}, expected near {at}"
        return
    off = math.hypot(*offset_m(best, at))
    if off > at["within_m"]:
        yield f"position: off by {off:.0f} m, expected within {at['within_m']}"
    if at.get("inside") and not any(holds(ellipse, at) for ellipse in alarm["position"]["ellipses"]):
        yield f"position: the truth, {off:.0f} m away, is outside the 95 % region"


def in_words(reason):
    """A reason with who says so, where its text does not name him."""
    source = reason["source"]
    return reason["text"] if not source or source in reason["text"] else f"{source}: {reason['text']}"


def miscued(cues, wanted):
    """The cues of one incident."""
    if not cues:
        yield "no cue"
        return
    views = {view["camera"]: view for cue in cues for view in cue["views"]}
    if cues[-1]["state"] != wanted["state"]:
        yield f"the cue is {cues[-1]['state']}, expected {wanted['state']}"
    if sorted(views) != wanted["cameras"]:
        yield f"cued: {sorted(views)}, expected {wanted['cameras']}"
    for camera, azimuth in wanted.get("azimuth_deg", {}).items():
        if camera in views and abs(views[camera]["azimuth_deg"] - azimuth) > 0.5:
            yield f"{camera} is told to look at {views[camera]['azimuth_deg']:.1f} degrees, expected {azimuth}"


def mistakes(alarm, wanted):
    """What is not as expected, in words."""
    ground, incident = alarm["ground"], alarm["incident"]
    found = {"state": incident["state"], "alarm": alarm["state"], "priority": alarm["priority"],
             "witnesses": sorted(incident["witnesses"]), "evidence": incident["evidence_count"],
             "permit": ground["permit"], "ban": ground["ban"], "danger_level": ground["danger_level"],
             "named_by": alarm["id"].split(".")[-2]}
    for key, value in found.items():
        if key in wanted and value != wanted[key]:
            yield f"{key}: {value}, expected {wanted[key]}"
    low, high = wanted["probability"]
    if not low <= alarm["probability"] <= high:
        yield f"probability: {alarm['probability']:.3f}, expected {low} to {high}"
    texts = "\n".join(in_words(reason) for reason in alarm["reasons"])
    for text in wanted.get("reasons", []):
        if str(text) not in texts:
            yield f"no reason says '{text}'"
    if wanted.get("place", "") not in alarm["place"]:
        yield f"place: '{alarm['place']}', expected '{wanted['place']}' in it"
    if "at" in wanted:
        yield from misplaced(alarm, wanted["at"])


def believed(alarm, wanted):
    """One incident as a row of the table, its reasons below."""
    best = best_ellipse(alarm)
    where = "no place"
    if best:
        where = f"within {best['major_m']:.0f} x {best['minor_m']:.0f} m"
        if wanted and "at" in wanted:
            where = f"off {math.hypot(*offset_m(best, wanted['at'])):.0f} m, said {where}"
    elif alarm["position"]:
        where = "a bearing"
    yield (f"  {alarm['priority']:<4}  {alarm['incident']['state']:<15}  {alarm['probability']:.2f}  "
           f"{'+'.join(alarm['incident']['witnesses']) or 'nobody':<17}  {alarm['incident']['evidence_count']:>2} pieces  "
           f"{where}" + (f"  {alarm['place']}" if alarm["place"] else ""))
    for reason in alarm["reasons"]:
        if reason["kind"] != "note":
            yield f"        {reason['weight']:+.1f}  {in_words(reason)}"


def compare(incidents, cues, expected):
    wanted = expected["incidents"]
    if len(incidents) != len(wanted):
        yield f"{len(incidents)} incidents, expected {len(wanted)}"
    for number, (alarm, want) in enumerate(zip(incidents, wanted), 1):
        for mistake in mistakes(alarm, want):
            yield f"incident {number}: {mistake}"
        if "cue" in want:
            for mistake in miscued([cue for cue in cues if cue["about"] == alarm["id"]], want["cue"]):
                yield f"incident {number}: {mistake}"


def run(linhuo, name, keep):
    """What came of it: revisions, incidents, cues, and what was expected."""
    scenario = HERE / name
    expected = yaml.safe_load((scenario / "expected.yaml").read_text())
    with tempfile.TemporaryDirectory(prefix="linhuo-scenario-") as scratch:
        folder = Path(scratch)
        if keep:
            folder = Path(keep) / name
            folder.mkdir(parents=True, exist_ok=True)
        lay_out(scenario, expected, folder)
        revisions, cues = replay(linhuo, folder)
    return revisions, latest(revisions), cues, expected


def wrong_with(linhuo, revisions, incidents, cues, expected, keep):
    yield from compare(incidents, cues, expected)
    if expected.get("kept_only") and any(revision["stream"] != "kept" for revision in revisions):
        yield "something was published"
    if "more_than" in expected and incidents:
        other = run(linhuo, expected["more_than"], keep)[1]
        if not other or not incidents[0]["probability"] > other[0]["probability"]:
            yield f"not more probable than {expected['more_than']}"


def play(linhuo, name, keep):
    """Prints one scenario; True when all is as expected, None when it could not be played."""
    try:
        revisions, incidents, cues, expected = run(linhuo, name, keep)
    except Absent as absent:
        print(f"{name}: skipped, {absent}")
        return None
    except RuntimeError as failure:
        print(f"{name}: {failure}")
        return False
    wrong = list(wrong_with(linhuo, revisions, incidents, cues, expected, keep))
    print(f"{name}: {'ok' if not wrong else 'NOT AS EXPECTED'}. {expected['tells']}")
    for number, alarm in enumerate(incidents):
        wanted = expected["incidents"][number] if number < len(expected["incidents"]) else None
        print("\n".join(believed(alarm, wanted)))
    for cue in cues:
        views = ", ".join(f"{view['camera']} at {view['azimuth_deg']:.1f} degrees" for view in cue["views"])
        print(f"  cue   {cue['time'][11:16]} {cue['state']}: {views}" if cue["state"] == "wanted"
              else f"  cue   {cue['time'][11:16]} ended")
    for mistake in wrong:
        print(f"  WRONG  {mistake}")
    print(flush=True)
    return not wrong


def main():
    names = sorted(path.parent.name for path in HERE.glob("*/events.jsonl"))
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", metavar="NAME", default=names, help="; ".join(names))
    parser.add_argument("--linhuo", default=ROOT / "build" / "linhuo")
    parser.add_argument("--keep", metavar="FOLDER", help="leave the laid out scenarios there")
    arguments = parser.parse_args()
    for name in set(arguments.names) - set(names):
        parser.error(f"there is no scenario '{name}'")
    results = [play(arguments.linhuo, name, arguments.keep) for name in arguments.names]
    played = [result for result in results if result is not None]
    if len(results) > 1:
        print(f"{sum(played)} of {len(played)} as expected, {len(results) - len(played)} skipped")
    if not played:
        return SKIPPED
    return 0 if all(played) else 1


if __name__ == "__main__":
    sys.exit(main())
