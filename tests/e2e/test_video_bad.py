"""Cameras at their worst: each of these is survived, told in words, and recovered from where it can be."""
import os
import signal
import socket
import struct
import time

from conftest import wait_for
from odd_camera import CLOCK_HZ, OddCamera, Oddity, record
from test_video_streams import hashes
from video import Watching, beside, beside_pool, clip_for, grab, gstreamer  # noqa: F401

SHORT = {"open_timeout_s": 2, "stall_timeout_s": 2}
DAY_S = 86400
HOUR_S = 3600


def odd(place, oddity, *clips, **more):
    clips = clips or (clip_for(place),)
    return OddCamera(*[record(clip) for clip in clips], oddity=oddity, **more)


def oddity(**attributes):
    return type("Told", (Oddity,), attributes)()


def timed(url, **settings):
    begun_s = time.monotonic()
    seen = grab(url, **{"frames": 5, "seconds": 20, **SHORT, **settings})
    return seen, time.monotonic() - begun_s


# ---- no stream at all ----

@beside
def test_a_camera_that_is_absent(place):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # bound and not listening: refuses
        port = taken.getsockname()[1]
        for url in (f"rtsp://127.0.0.1:{port}/cam", f"http://127.0.0.1:{port}/video"):
            seen, took_s = timed(url)
            assert seen.end["code"] == "ECONNECT" and "refused" in seen.end["text"]
            assert took_s < 10


@beside
def test_a_camera_that_accepts_and_says_nothing(place):
    with odd(place, oddity(hang="accept")) as camera:
        for url in (camera.url, camera.url.replace("rtsp", "http")):
            seen, took_s = timed(url)
            assert seen.end["code"] == "ETIMEOUT" and "no answer" in seen.end["text"], seen.text
            assert 1 < took_s < 15


@beside
def test_a_camera_that_stops_answering_on_the_way(place):
    for method in ("DESCRIBE", "SETUP", "PLAY"):
        with odd(place, oddity(hang=method)) as camera:
            seen, took_s = timed(camera.url)
            assert seen.end["event"] == "refused" and seen.end["code"] == "ETIMEOUT", method
            assert 1 < took_s < 15


@beside
def test_a_camera_that_plays_nothing(place):
    for transport in ("tcp", "udp"):
        with odd(place, oddity(silent=True)) as camera:
            seen, took_s = timed(camera.url, transport=transport)
            assert not seen.frames and seen.end["code"] in ("ETIMEOUT", "ESTALLED"), seen.text
            assert 1 < took_s < 15


@beside
def test_a_camera_that_refuses(place):
    for status, code in (("403 Forbidden", "EAUTH"), ("404 Not Found", "ENOTFOUND"),
                         ("500 Internal Server Error", "ECONNECT")):
        with odd(place, oddity(refuse={"DESCRIBE": status})) as camera:
            seen, _ = timed(camera.url)
            assert seen.end["event"] == "refused" and seen.end["code"] == code, seen.text


@beside
def test_a_camera_without_a_description(place):
    with odd(place, oddity(no_body=True)) as camera:
        seen, _ = timed(camera.url)
        assert seen.end["event"] == "refused", seen.text


# ---- a stream that goes wrong ----

def until(after_s, what):
    """A change that lets packets through until after_s, then gives what."""
    def change(_, played_s, packet):
        return packet if played_s < after_s else what
    return change


@beside
def test_a_stream_that_stops(place):
    for transport in ("tcp", "udp"):
        with odd(place, oddity(change=until(2.5, None))) as camera:
            seen, took_s = timed(camera.url, transport=transport)
            assert 1 <= len(seen.frames) <= 3 and seen.end["code"] == "ESTALLED", seen.text
            assert "no packet for" in seen.end["text"]
            assert 4 < took_s < 20


@beside
def test_a_stream_that_is_cut(place):
    with odd(place, oddity(change=until(2.5, "close"))) as camera:
        seen, took_s = timed(camera.url)
        assert seen.frames and seen.end["code"] in ("EIO", "ESTALLED") and took_s < 15, seen.text


@beside
def test_a_connection_that_turns_to_noise(place):
    noise = os.urandom(3000)
    with odd(place, oddity(change=lambda _, s, packet: packet if s < 1.5 else noise)) as camera:
        seen, took_s = timed(camera.url)
        assert seen.frames and seen.end["code"] not in ("OK", "ECLOSED") and took_s < 19, seen.text


class BrokenPictures(Oddity):
    """Well-formed packets with noise inside, between 1.5 s and end_s."""
    end_s = 1e9

    def change(self, played_s, packet):
        if not 1.5 < played_s < self.end_s:
            return packet
        ticks, marker, payload = packet
        return ticks, marker, payload[:2] + os.urandom(len(payload) - 2)


@beside
def test_pictures_of_noise_are_damaged_not_shown(place):
    clip = clip_for(place)
    for transport in ("tcp", "udp"):
        with odd(place, BrokenPictures(), clip) as camera:
            seen, took_s = timed(camera.url, transport=transport, frames=50)
            known = hashes(clip)
            assert seen.frames and all(frame["hash"] in known for frame in seen.frames)
            assert seen.end["code"] == "EDECODE" and seen.counts["packets_damaged"] >= 2, seen.text
            assert "none has given a clean picture" in seen.end["text"] and took_s < 19


@beside
def test_after_noise_the_next_good_picture_is_shown(place):
    class Passing(BrokenPictures):
        end_s = 3.5
    clip = clip_for(place)
    with odd(place, Passing(), clip) as camera:
        seen, _ = timed(camera.url, stall_timeout_s=10)
        known = hashes(clip)
        assert len(seen.frames) == 5 and all(frame["hash"] in known for frame in seen.frames), seen.text
        assert seen.counts["packets_damaged"] >= 1


@beside
def test_lost_packets_never_show_damaged_keyframes_as_clean(place):
    """UDP with one packet in thirty lost: what is shown at all is a picture of the clip. (At full rate a lost
    picture leaves traces in those that refer to it, until the next keyframe; no decoder tells.)"""
    clip = clip_for(place)
    with odd(place, oddity(loss=0.03), clip) as camera:
        known = hashes(clip)
        seen, _ = timed(camera.url, transport="udp", frames=5, stall_timeout_s=15)
        assert seen.frames and all(frame["hash"] in known for frame in seen.frames), seen.text
        full, _ = timed(camera.url, transport="udp", frames=30, stall_timeout_s=15, keyframes_only=False)
        assert len(full.frames) == 30 and full.counts["packets_damaged"] >= 1


class Switching(Oddity):
    """Shows the second recording from its third second on, in the same session."""
    def __init__(self, other):
        self.other, self.at, self.begun = other, 0, None

    def change(self, played_s, packet):
        if played_s < 3:
            return packet
        self.at += 1
        _, marker, payload = self.other.packets[(self.at - 1) % len(self.other.packets)]
        return packet[0], marker, payload


@beside
def test_the_resolution_changes_in_mid_stream(place):
    small, large = clip_for(place), clip_for(place, size="480x360")
    other = record(large)

    class Change(Oddity):
        def recording(self, camera, connection):
            first = camera.recordings[0]
            count = sum(ticks < 3 * CLOCK_HZ for ticks, _, _ in first.packets)
            shifted = [(ticks + 3 * CLOCK_HZ, marker, payload) for ticks, marker, payload in other.packets]
            return type(first)(first.sdp, first.payload_type, first.packets[:count] + shifted)
    with odd(place, Change(), small) as camera:
        seen, _ = timed(camera.url, frames=6)
        sizes = [(frame["width"], frame["height"]) for frame in seen.frames]
        assert sizes == sorted(sizes) and {(320, 240), (480, 360)} == set(sizes), seen.text
        generations = {frame["width"]: frame["generation"] for frame in seen.frames}
        assert generations[480] == generations[320] + 1
        assert seen.counts["format_changes"] == 1
        assert seen.of("closed")[0]["description"].startswith("h264 480x360")
        known = hashes(small) | hashes(large)
        assert all(frame["hash"] in known for frame in seen.frames)


@beside
def test_a_picture_over_the_limits_is_refused(place):
    with odd(place, Oddity(), clip_for(place)) as camera:
        seen, _ = timed(camera.url, max_width_px=319)
        assert seen.end["code"] == "ELIMIT" and "320x240" in seen.end["text"] and not seen.frames


@beside
def test_the_codec_changes_on_reconnection(place):
    clips = [clip_for(place), clip_for(place, codec="h265"), clip_for(place, codec="jpeg")]

    class Turns(Oddity):
        def change(self, played_s, packet):
            return packet if played_s < 2.2 else "close"
    with odd(place, Turns(), *clips) as camera:
        watching = Watching(place, camera.url, **SHORT)
        for name in ("h264", "hevc", "mjpeg"):
            watching.wait(lambda seen, name=name: any(line["description"].startswith(name)
                                                      for line in seen.of("status")), 40, name)
        seen = watching.stop()
    generations = [frame["generation"] for frame in seen.frames]
    assert generations == sorted(generations) and len(set(generations)) >= 3
    numbers = [frame["number"] for frame in seen.frames]
    assert numbers == sorted(set(numbers)), "numbers go on over reconnections"
    known = set().union(*map(hashes, clips))
    assert all(frame["hash"] in known for frame in seen.frames)


# ---- clocks ----

def ends_at(oddity, clip, place, **more):
    """What a camera with this clock gives; its capture times are right to 2 s whatever it says."""
    with odd(place, oddity, clip) as camera:
        seen, _ = timed(camera.url, **{"frames": 6, **more})
        assert len(seen.frames) == more.get("frames", 6), seen.text
        offset_us = (time.time() - time.monotonic()) * 1e6
        for frame in seen.frames:
            assert abs(frame["capture_us"] - frame["arrival_us"] - offset_us) < 2.5e6, frame
        for before, after in zip(seen.frames, seen.frames[1:]):
            assert after["capture_us"] >= before["capture_us"] or after["generation"] > before["generation"]
        return seen


def qualities(seen):
    return [frame["quality"] for frame in seen.frames]


@beside
def test_sender_reports_tell_the_time(place):
    """The camera's clock is half a second behind this machine's, and is believed."""
    seen = ends_at(oddity(wall_s=lambda _, now: now - 0.5), clip_for(place), place)
    assert qualities(seen)[-1] == "sender" and not seen.counts["clock_repairs"]
    lag_s = (time.time() - time.monotonic()) - sum(
        (f["capture_us"] - f["arrival_us"]) / 1e6 for f in seen.frames) / len(seen.frames)
    assert 0.4 < lag_s < 2.5


@beside
def test_without_reports_arrival_counts(place):
    seen = ends_at(oddity(reports=False), clip_for(place), place, latency_s=1)
    assert set(qualities(seen)) == {"arrival"}
    lag_s = (time.time() - time.monotonic()) - sum(
        (f["capture_us"] - f["arrival_us"]) / 1e6 for f in seen.frames) / len(seen.frames)
    assert 0.9 < lag_s < 2


@beside
def test_a_clock_that_was_never_set(place):
    begun_s = time.time()
    seen = ends_at(oddity(wall_s=lambda _, now: now - begun_s + 5), clip_for(place), place)
    assert set(qualities(seen)) == {"arrival"}


@beside
def test_a_clock_a_day_ahead(place):
    seen = ends_at(oddity(wall_s=lambda _, now: now + DAY_S), clip_for(place), place)
    assert set(qualities(seen)) == {"arrival"}


@beside
def test_a_clock_in_local_time(place):
    """China's cameras: eight hours ahead."""
    seen = ends_at(oddity(wall_s=lambda _, now: now + 8 * HOUR_S), clip_for(place), place)
    assert qualities(seen)[-1] == "offset" and seen.counts["clock_repairs"] >= 1


@beside
def test_a_clock_that_jumps_a_day_in_mid_stream(place):
    class Jumping(Oddity):
        reported = 0

        def wall_s(self, now_s):
            self.reported += 1
            return now_s + (DAY_S if self.reported > 6 else 0)
    seen = ends_at(Jumping(), clip_for(place), place)
    assert "sender" in qualities(seen) and qualities(seen)[-1] == "arrival"


@beside
def test_rtp_timestamps_wrap(place):
    """32 bits of 90 kHz come to their end between two reports: FFmpeg is then off by 13 hours."""
    seen = ends_at(oddity(first_stamp=2**32 - int(2.75 * CLOCK_HZ)), clip_for(place, gop=2), place, frames=20)
    assert qualities(seen)[-1] == "sender", seen.text
    assert seen.counts["clock_repairs"] >= 1, "FFmpeg no longer errs here: the repair can go"


def stamps(change_ticks):
    """A change of RTP timestamps from the third second on."""
    def change(_, played_s, packet):
        return packet if played_s < 3 else (change_ticks(packet[0]), *packet[1:])
    return change


@beside
def test_rtp_timestamps_start_again_at_zero(place):
    jump = oddity(first_stamp=2**31, change=stamps(lambda ticks: ticks - 2**31 - 3 * CLOCK_HZ))
    ends_at(jump, clip_for(place), place)


@beside
def test_rtp_timestamps_jump_a_day(place):
    # a day is more than 2^32 ticks: what is left of it is what a camera would send
    ends_at(oddity(change=stamps(lambda ticks: ticks + 10 * HOUR_S * CLOCK_HZ)), clip_for(place), place)
    ends_at(oddity(reports=False, change=stamps(lambda ticks: ticks + DAY_S * CLOCK_HZ)), clip_for(place), place)


@beside
def test_rtp_timestamps_that_stand_still(place):
    with odd(place, oddity(change=lambda _, s, packet: (0, *packet[1:]) if s > 2 else packet)) as camera:
        seen, took_s = timed(camera.url, frames=60, keyframes_only=False)
        assert seen.end["code"] in ("ESTALLED", "EDECODE") and took_s < 19, seen.text
        assert "stood still" in seen.end["text"] or "no packet" in seen.end["text"], seen.text


# ---- recovery, as the engine does it ----

@beside
def test_a_server_that_hangs_is_noticed_and_recovered_from(place):
    server, url = gstreamer(place, clip_for(place), "h264")
    watching = Watching(place, url, **SHORT)
    watching.wait_health("seeing")
    server.send(signal.SIGSTOP)
    watching.wait(lambda seen: set(seen.healths) & {"stalled", "disconnected"}, 20, "stalled")
    server.send(signal.SIGCONT)
    watching.wait(lambda seen: seen.healths[-1] == "seeing", 30, "seeing again")
    seen = watching.stop()
    assert seen.of("status")[-1]["blind_s"] > 0 and seen.of("status")[-1]["failures"] >= 1
    assert seen.of("stopped")[0]["took_s"] < 3


@beside
def test_a_camera_that_comes_back_at_the_same_address(place):
    clip = clip_for(place)
    with odd(place, Oddity(), clip) as camera:
        watching = Watching(place, camera.url, **SHORT)
        watching.wait_health("seeing")
    watching.wait_health("disconnected")
    # at least three tries in vain, with growing delay
    watching.wait(lambda seen: any(line["failures"] >= 3 for line in seen.of("status")), 30, "three tries")
    with odd(place, Oddity(), clip, port=camera.port):
        watching.wait(lambda seen: seen.healths[-1] == "seeing", 30, "seeing again")
        seen = watching.stop()
    assert "refused" in seen.of("status")[-1]["last_error"]
    assert "again" in seen.errors, "recovery is announced"


@beside
def test_stopping_does_not_wait_for_a_camera(place):
    """Whatever the thread waits for, it ends at once."""
    for hang in ("accept", "DESCRIBE", "PLAY", None):
        told = oddity(hang=hang) if hang else oddity(change=until(1.5, None))
        with odd(place, told) as camera:
            watching = Watching(place, camera.url, open_timeout_s=60, stall_timeout_s=60)
            if hang:
                wait_for(lambda: camera.connections and (hang == "accept" or hang in camera.requests), 20, hang)
            else:
                watching.wait(lambda seen: len(seen.frames) >= 2, 20, "two pictures")
            seen = watching.stop()
            assert seen.of("stopped")[0]["took_s"] < 3, hang
