#!/usr/bin/python3
"""The drill behind `make demo`: a small county, the engine on it, alarms as they arrive, a summary.

Starts `linhuo world` (towers served by a real RTSP server, or recorded footage), writes a site file for
it, starts `linhuo run`, shows `linhuo watch`, and compares in the end what ignited with what was raised.
Everything it makes stays in BUILD/demo to be looked at.
"""
import argparse
import json
import math
import os
import secrets
import shutil
import signal
import subprocess
import sys
import threading
import time
from datetime import datetime, timezone
from pathlib import Path

SITE = """\
# The site file of the demo, for {count} cameras of linhuo world.
site:
  name: Demo county
  area_code: "141122"
  data_folder: data
bus:
  publish: {endpoint}
  inbox: {inbox}
  status_s: 1
evidence:
  max_size_mib: 200
detectors:
  # A real tower learns its view for an hour; a drill of a minute cannot wait for that.
  - name: smoke
    plugin: smoke_classic
    settings:
{smoke}
  - name: flame
    plugin: flame_classic
    settings:
{flame}
tracks:
  max_gap_s: 10
  confirm_min_s: 4
{ground}camera_defaults:
  watch_interval_s: 1
cameras:
"""
GROUND = """\
# Where the cameras stand, and what else is known: the ground, satellites, a coking works that is always hot.
terrain:
  files: [terrain.tif]
places:
  file: places.geojson
feeds:
  - {name: satellites, kind: folder, folder: said/hotspots, poll_interval_s: 5}
heat:
  areas:
    - {file: works.geojson}
ground:
  weather: [said/weather.csv]
people:
  - {name: ranger-1, key_file: ranger-1.key, trusted: true}
"""
POSE = ("    pose: {{latitude_deg: {latitude_deg}, longitude_deg: {longitude_deg}, ground_m: {ground_m}, mast_m: {mast_m}, "
        "azimuth_deg: {azimuth_deg}, tilt_deg: {tilt_deg}, roll_deg: {roll_deg}, hfov_deg: {hfov_deg}}}\n")
SMOKE = {"warmup_s": 8, "short_background_s": 4, "long_background_s": 15}
FLAME = {"warmup_s": 8}
MATCH_S = 10      # an alarm is raised on what was seen shortly before
DEMO_S = 90       # from the first picture to the summary
FIRST_IGNITION_S = 28
PASS_S = 66          # a satellite; a real one's data take an hour and more
PASS_LATENCY_S = 1
RANGER_S = 80        # a ranger stands beside the fire and says so; a real one takes a while, too
FIRST_FIRE_KM = 1.5  # near: a minute must do; its growth is that of any brush fire


def parse():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", type=Path, default=Path("build"))
    parser.add_argument("--keep", action="store_true", help="run on until Ctrl-C")
    parser.add_argument("--footage", type=Path, help="serve the clips of this folder instead of the county")
    parser.add_argument("--speed", type=float, default=60,
                        help="footage seconds in one real second; 60 shows stills a minute apart one a second")
    parser.add_argument("--seconds", type=float, default=DEMO_S, help="length of the demo")
    return parser.parse_args()


def start_world(linhuo, folder, arguments):
    """The county, ready to be watched, and what it says about its cameras."""
    command = [linhuo, "world", "--list", "json", "--truth", folder / "truth.json"]
    if arguments.footage:
        command += ["--footage", arguments.footage, "--speed", arguments.speed, "--fps", 2, "--gop-s", 1]
    else:
        command += ["--cameras", 4, "--size", "960x540", "--fps", 4, "--gop-s", 1, "--fires", 1,
                    "--first-ignition-s", FIRST_IGNITION_S, "--first-fire-km", FIRST_FIRE_KM,
                    "--terrain-out", folder / "terrain.tif", "--witnesses", folder / "said",
                    "--first-pass-s", PASS_S, "--latency-s", PASS_LATENCY_S]
    log = (folder / "world.log").open("wb")
    world = subprocess.Popen([str(word) for word in command], stdout=subprocess.PIPE, stderr=log)
    text = ""
    for line in world.stdout:
        text += line.decode()
        try:
            return world, json.loads(text)
        except ValueError:
            continue
    sys.exit(f"linhuo world ended at once:\n{(folder / 'world.log').read_text()}")


def indent(settings):
    return "\n".join(f"      {key}: {value}" for key, value in settings.items())


def feature(name, geometry, coordinates):
    return {"type": "Feature", "properties": {"name": name}, "geometry": {"type": geometry, "coordinates": coordinates}}


def write_features(path, features):
    path.write_text(json.dumps({"type": "FeatureCollection", "features": features}))


def write_ground(folder):
    """The files that the site names, from what the county says of itself; its cameras with their poses."""
    truth = json.loads((folder / "truth.json").read_text())
    works = []
    for place in truth["works"]:
        x, y, half = place["longitude_deg"], place["latitude_deg"], 0.006
        ring = [[x - half, y - half], [x + half, y - half], [x + half, y + half], [x - half, y + half], [x - half, y - half]]
        works.append(feature(f"works {place['id'] + 1}", "Polygon", [ring]))
    write_features(folder / "works.geojson", works)
    with open(folder / "ranger-1.key", "w", opener=lambda path, flags: os.open(path, flags, 0o600)) as key:
        key.write(secrets.token_hex(24) + "\n")
    write_features(folder / "places.geojson",
                   [feature(camera["id"], "Point", [camera["longitude_deg"], camera["latitude_deg"]])
                    for camera in truth["cameras"]])
    return {camera["id"]: camera for camera in truth["cameras"]}


def endpoint_in(folder, name, port):
    """In the folder; where its path is too long for a socket a port."""
    endpoint = "ipc://" + str((folder / name).resolve())
    return endpoint if len(endpoint) <= 100 else f"tcp://127.0.0.1:{port}"


def send_ranger(linhuo, folder):
    """linhuo report, as a ranger's app would, from 20 m north of the first fire."""
    truth = json.loads((folder / "truth.json").read_text())
    fire = next(event for event in truth["events"] if event["kind"] == "fire")
    at = f"{fire['latitude_deg'] + 20 / 111_195:.6f},{fire['longitude_deg']:.6f}"
    print(f"   a ranger: linhuo report --word fire --at {at} --name ranger-1", flush=True)
    return subprocess.Popen([linhuo, "report", "--word", "fire", "--at", at, "--name", "ranger-1", "--key",
                             folder / "ranger-1.key", "--to", endpoint_in(folder, "inbox.ipc", 5571)])


def write_site(folder, cameras, poses):
    text = SITE.format(count=len(cameras), endpoint=endpoint_in(folder, "alarms.ipc", 5570),
                       inbox=endpoint_in(folder, "inbox.ipc", 5571), smoke=indent(SMOKE), flame=indent(FLAME),
                       ground=GROUND if poses else "")
    for camera in cameras:
        text += f"  - id: {camera['id']}\n    url: {camera['url']}\n"
        if camera["id"] in poses:
            text += POSE.format(**poses[camera["id"]])
    path = folder / "site.yaml"
    path.write_text(text)
    return path


class Alarms:
    """Collects the alarms of a second subscriber for the summary."""

    def __init__(self, linhuo, site):
        self.raised, self.latest = {}, {}
        self.process = subprocess.Popen([linhuo, "watch", "--json", site], stdout=subprocess.PIPE,
                                        stderr=subprocess.DEVNULL, text=True)
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self):
        for line in self.process.stdout:
            message = json.loads(line)
            if str(message.get("schema", "")).startswith("linhuo/alarm"):
                self.raised.setdefault(message["id"], message)
                self.latest[message["id"]] = message


def seconds_between(later, earlier):
    def parse_time(text):
        return datetime.fromisoformat(text.replace("Z", "+00:00"))
    return (parse_time(later) - parse_time(earlier)).total_seconds()


def boxes_meet(alarm, fire):
    """True when the alarm's box meets the fire's true box in its camera about then."""
    a = alarm["box"]
    if not a:
        return False
    for b in fire.get("boxes", []):
        if (b["camera"] == alarm["camera"]["id"]
                and abs(seconds_between(b["time"], alarm["times"]["raised"])) < MATCH_S
                and a["x"] < b["x"] + b["width"] and b["x"] < a["x"] + a["width"]
                and a["y"] < b["y"] + b["height"] and b["y"] < a["y"] + a["height"]):
            return True
    return False


def offset_m(ellipse, fire):
    north = (ellipse["latitude_deg"] - fire["latitude_deg"]) * 111_195
    east = (ellipse["longitude_deg"] - fire["longitude_deg"]) * 111_195 * math.cos(math.radians(fire["latitude_deg"]))
    return math.hypot(north, east)


def describe_place(alarm, fire):
    """Where the alarm puts it, and how far that is off."""
    position = alarm["position"]
    if not position:
        return "no position"
    if position["form"] == "sector":
        return (f"{position['azimuth_deg']:.1f} degrees from the camera, "
                f"{position['near_m'] / 1000:.1f} to {position['far_m'] / 1000:.1f} km: its foot is hidden")
    best = max(position["ellipses"], key=lambda ellipse: ellipse["weight"])
    return (f"{best['latitude_deg']:.5f} N {best['longitude_deg']:.5f} E, off by {offset_m(best, fire):.0f} m, "
            f"said within {best['major_m']:.0f} x {best['minor_m']:.0f} m" + (f"; {alarm['place']}" if alarm["place"] else ""))


def tell_passes(truth):
    """What satellites saw of the fires while the drill went on."""
    now = datetime.now(timezone.utc).isoformat()
    for seen in truth.get("passes", []):
        if seen["acquired_utc"] <= now:
            for heat in seen["heat"]:
                if "event" in heat:
                    print(f"  {seen['satellite']} passed at {seen['acquired_utc'][11:19]}: fire {heat['event']} "
                          f"{heat['outcome']}, {heat['power_mw']:.1f} MW")


def summarise(folder, alarms, latest):
    truth = json.loads((folder / "truth.json").read_text())
    fires = [event for event in truth.get("events", []) if event["kind"] == "fire"
             and event["start_utc"] <= datetime.now(timezone.utc).isoformat()]
    print("\n== summary")
    left = dict(alarms)
    found = 0
    for fire in fires:
        mine = [alarm for alarm in alarms.values() if boxes_meet(alarm, fire)]
        for alarm in mine:
            left.pop(alarm["id"], None)
        where = f"{fire['latitude_deg']:.4f} N {fire['longitude_deg']:.4f} E"
        if not mine:
            print(f"fire {fire['id']} at {where}, ignited {fire['start_utc']}: not raised yet")
            continue
        found += 1
        first = min(mine, key=lambda a: a["times"]["raised"])
        delay = seconds_between(first["times"]["raised"], fire["start_utc"])
        print(f"fire {fire['id']} at {where}, ignited {fire['start_utc']}")
        print(f"  raised by {first['camera']['id']} after {delay:.0f} s as {first['kind']}, {first['priority']}, "
              f"{len(mine)} alarm{'s' if len(mine) > 1 else ''} in all")
        last = latest[first["id"]]
        print(f"  now {last['priority']}, probability {last['probability']:.2f}, by {' and '.join(last['incident']['witnesses'])}: "
              f"{describe_place(last, fire)}")
        for reason in last["reasons"]:
            print(f"    {reason['weight']:+.1f}  {reason['text']}")
        if first.get("evidence"):
            print(f"  evidence: {folder / 'data' / first['evidence']['frame_boxes']}")
    tell_passes(truth)
    if fires:
        print(f"{len(fires)} ignited, {found} raised, {len(left)} alarms on something else")
    else:
        print(f"{len(alarms)} alarms")
    for alarm in left.values():
        print(f"  {alarm['times']['raised']} {(alarm['camera'] or {}).get('id', '-')} {alarm['kind']} {alarm['priority']} "
              f"(evidence: {folder / 'data' / alarm['evidence']['frame_boxes'] if alarm.get('evidence') else 'none'})")
    print(f"Everything is kept in {folder}: site.yaml, engine.log, truth.json, data/ with alarms.sqlite and "
          f"evidence/.")
    return found == len(fires)


def end(processes):
    for process in processes:
        if process.poll() is None:
            process.send_signal(signal.SIGINT)
    for process in processes:
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()


def main():
    arguments = parse()
    linhuo = arguments.build / "linhuo"
    folder = (arguments.build / "demo").resolve()
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))

    print("== a county in a box: linhuo world", flush=True)
    world, county = start_world(linhuo, folder, arguments)
    processes = [world]
    try:
        for camera in county["cameras"]:
            print(f"   {camera['url']}")
        poses = {} if arguments.footage else write_ground(folder)
        site = write_site(folder, county["cameras"], poses)
        print(f"== the engine: linhuo run {site}", flush=True)
        engine = subprocess.Popen([linhuo, "run", site, "--quiet"], stderr=(folder / "engine.log").open("wb"))
        processes.insert(0, engine)
        alarms = Alarms(linhuo, site)
        processes.insert(0, alarms.process)
        print(f"== alarms: linhuo watch {site}", flush=True)
        if not arguments.footage:
            print(f"   (a fire is lit {FIRST_IGNITION_S} s into the drill; the cameras learn their views until then)",
                  flush=True)
        processes.insert(0, subprocess.Popen([linhuo, "watch", site]))
        begun = time.monotonic()
        ranger = None
        while arguments.keep or time.monotonic() - begun < arguments.seconds:
            time.sleep(0.5)
            if poses and not ranger and time.monotonic() - begun > RANGER_S:
                ranger = send_ranger(linhuo, folder)
                processes.insert(0, ranger)
            for process, name in ((world, "world"), (engine, "engine")):
                if process.poll() is not None:
                    print((folder / f"{name}.log").read_text()[-2000:])
                    print(f"linhuo {'run' if process is engine else 'world'} ended")
                    return 1
    except KeyboardInterrupt:
        print()
    finally:
        end(processes)
    return 0 if summarise(folder, alarms.raised, alarms.latest) else 1


if __name__ == "__main__":
    sys.exit(main())
