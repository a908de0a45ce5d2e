"""Recorded footage and folders of stills through the video room, good and bad."""
import os
import time

from PIL import Image

from video import Watching, beside, beside_pool, clip_for, ffmpeg, grab  # noqa: F401

START_US = 1_465_036_282_000_000  # 2016-06-04T10:31:22Z


def copied(place, clip, name, *more):
    path = place.folder / name
    ffmpeg("-i", clip, "-c", "copy", *more, path)
    return path


def times_s(seen):
    return [(frame["capture_us"] - seen.frames[0]["capture_us"]) / 1e6 for frame in seen.frames]


# ---- files ----

@beside
def test_containers_and_codecs(place):
    """The same pictures, whatever they are wrapped in."""
    for codec, names in (("h264", ("a.mp4", "a.mkv", "a.ts", "a.avi", "a.flv")), ("h265", ("b.mp4", "b.mkv", "b.ts")),
                         ("jpeg", ("c.mkv", "c.avi", "c.mov"))):
        clip = clip_for(place, codec=codec, seconds=4)
        whole = [frame["hash"] for frame in grab(clip, keyframes_only=False).frames]
        assert len(whole) == 40
        for name in names:
            seen = grab(copied(place, clip, name), keyframes_only=False)
            assert [frame["hash"] for frame in seen.frames] == whole, name
            assert seen.end["code"] == "EEOF" and not seen.counts["packets_damaged"]
            assert all(abs(s - i / 10) < 0.02 for i, s in enumerate(times_s(seen))), name
            keys = grab(place.folder / name)
            assert set(frame["hash"] for frame in keys.frames) <= set(whole)
            assert len(keys.frames) == (40 if codec == "jpeg" else 4), name


@beside
def test_pictures_held_back_by_the_decoder_come_at_the_end(place):
    """B-frames: the last pictures come out only when the decoder is told that it was all."""
    clip = place.folder / "b.mp4"
    ffmpeg("-f", "lavfi", "-i", "testsrc2=size=320x240:rate=10", "-t", 3, "-c:v", "libx264", "-bf", 3,
           "-pix_fmt", "yuv420p", clip)
    seen = grab(clip, keyframes_only=False)
    assert len(seen.frames) == 30 and all(abs(s - i / 10) < 0.02 for i, s in enumerate(times_s(seen)))


@beside
def test_the_start_time_of_footage(place):
    clip = clip_for(place, seconds=4)
    told = copied(place, clip, "told.mp4", "-metadata", "creation_time=2016-06-04T10:31:22Z")
    named = copied(place, clip, "tower_2016-06-04T10-31-22.mp4")
    silent = copied(place, clip, "silent.mp4")
    for path, quality, start_us in ((told, "file", START_US), (named, "file", START_US), (silent, "nominal", 0)):
        first = grab(path, frames=1).frames[0]
        assert (first["quality"], first["capture_us"]) == (quality, start_us), path


@beside
def test_the_watch_interval_of_footage(place):
    clip = clip_for(place)
    seen = grab(clip, watch_interval_s=5)
    assert times_s(seen) == [0, 5, 10, 15] and seen.counts["pictures"] == 4
    assert times_s(grab(clip, watch_interval_s=2.5, keyframes_only=False)) == [0, 2.5, 5, 7.5, 10, 12.5, 15, 17.5]


@beside
def test_a_truncated_file(place):
    """What is there of it is shown."""
    clip = copied(place, clip_for(place), "whole.ts")
    whole = [frame["hash"] for frame in grab(clip).frames]
    cut = place.folder / "cut.ts"
    cut.write_bytes(clip.read_bytes()[:clip.stat().st_size // 2])
    seen = grab(cut)
    assert seen.end["code"] == "EEOF" and 5 <= len(seen.frames) < len(whole)
    assert [frame["hash"] for frame in seen.frames] == whole[:len(seen.frames)]
    # MP4 has its index at the end, and is nothing without it
    headless = place.folder / "cut.mp4"
    mp4 = clip_for(place).read_bytes()
    headless.write_bytes(mp4[:len(mp4) // 2])
    assert grab(headless).end["code"] == "EFORMAT"
    # with the index in front, the pictures up to the cut come
    front = copied(place, clip_for(place), "front.mp4", "-movflags", "+faststart").read_bytes()
    (place.folder / "front-cut.mp4").write_bytes(front[:len(front) // 2])
    seen = grab(place.folder / "front-cut.mp4")
    assert len(seen.frames) >= 5 and seen.end["code"] in ("EEOF", "EFORMAT", "EIO"), seen.text


@beside
def test_a_file_with_holes(place):
    """Every second some kilobytes are missing: pictures are lost, none is shown damaged, the rest comes."""
    clip = copied(place, clip_for(place), "whole.ts")
    whole = {frame["hash"] for frame in grab(clip, keyframes_only=False).frames}
    bytes_ = clip.read_bytes()
    step = len(bytes_) // 10
    path = place.folder / "holes.ts"
    path.write_bytes(b"".join(bytes_[at:at + step - 5000] for at in range(0, len(bytes_), step)))
    seen = grab(path)
    assert len(seen.frames) >= 5 and all(frame["hash"] in whole for frame in seen.frames), seen.text
    full = grab(path, keyframes_only=False)
    assert len(full.frames) > 50 and full.end["code"] == "EEOF"


@beside
def test_files_that_are_no_video(place):
    text, empty, noise = (place.folder / name for name in ("t.mp4", "e.mp4", "n.mp4"))
    text.write_text("This is not a video.\n" * 500)
    empty.write_bytes(b"")
    noise.write_bytes(os.urandom(200_000))
    sound = place.folder / "sound.mp4"
    ffmpeg("-f", "lavfi", "-i", "sine=duration=1", sound)
    no_frames = place.folder / "none.mp4"
    ffmpeg("-f", "lavfi", "-i", "testsrc2=size=320x240", "-frames:v", 0, "-c:v", "libx264", no_frames)
    playlist = place.folder / "list.mp4"
    playlist.write_text("#EXTM3U\n#EXTINF:1,\n/etc/passwd\n")
    for path in (text, empty, noise, sound, no_frames, playlist):
        seen = grab(path)
        assert seen.end["event"] == "refused" and seen.end["code"] == "EFORMAT", (path, seen.text)
        assert path.name in seen.end["text"]
    missing = grab(place.folder / "missing.mp4")
    assert missing.end["code"] == "ENOENT" or missing.end["code"] == "ENOTFOUND", missing.text
    assert grab("gopher://example/x").end["code"] == "EINVAL"


@beside
def test_the_resolution_changes_in_a_file(place):
    parts = [copied(place, clip_for(place, size=size, seconds=4), f"{size}.ts") for size in ("320x240", "480x360")]
    path = place.folder / "both.ts"
    path.write_bytes(b"".join(part.read_bytes() for part in parts))
    seen = grab(path)
    assert {frame["width"] for frame in seen.frames} == {320, 480} and seen.counts["format_changes"] == 1
    assert grab(path, max_width_px=400).end["code"] == "ELIMIT"


# ---- folders of stills ----

def still_folder(place, *names, exif=None, modified=None):
    """Different pictures of the given names."""
    folder = place.folder / f"stills-{len(list(place.folder.iterdir()))}"
    folder.mkdir()
    for i, name in enumerate(names):
        write_still(folder / name, i, exif, modified)
    return folder


def write_still(path, i=0, exif=None, modified=None):
    picture = Image.effect_noise((160, 120), 30 + i).convert("RGB")
    more = {}
    if exif:
        data = Image.Exif()
        data[0x8769] = exif
        more["exif"] = data
    picture.save(path, **more)
    if modified:
        os.utime(path, (modified + i, modified + i))


@beside
def test_stills_by_name(place):
    folder = still_folder(place, "20160604103122.jpg", "20160604103132.png", "20160604103142.JPEG", "readme.txt.jpg")
    (folder / "notes.txt").write_text("no picture")
    seen = grab(folder, still_time="name", still_time_pattern="%Y%m%d%H%M%S")
    assert [frame["quality"] for frame in seen.frames] == ["stamp", "stamp", "stamp", "modified"]
    assert [frame["capture_us"] - START_US for frame in seen.frames[:3]] == [0, 10_000_000, 20_000_000]
    assert seen.end["code"] == "EEOF" and seen.of("closed")[0]["progress"] == 1
    watched = grab(folder, still_time="name", still_time_pattern="%Y%m%d%H%M%S", watch_interval_s=20)
    assert [frame["capture_us"] - START_US for frame in watched.frames[:2]] == [0, 20_000_000]


@beside
def test_stills_by_exif(place):
    """DateTimeOriginal and its offset, as a camera in China writes it."""
    folder = still_folder(place, "a.jpg", exif={0x9003: "2016:06:04 18:31:22", 0x9011: "+08:00"})
    seen = grab(folder, still_time="exif")
    assert [(frame["quality"], frame["capture_us"]) for frame in seen.frames] == [("stamp", START_US)]


@beside
def test_stills_by_modification_time(place):
    folder = still_folder(place, "a.jpg", "b.jpg", modified=START_US // 1_000_000)
    seen = grab(folder)
    assert [(frame["quality"], frame["capture_us"] - START_US) for frame in seen.frames] == [
        ("modified", 0), ("modified", 1_000_000)]


@beside
def test_bad_stills_are_passed_over(place):
    folder = still_folder(place, "a.jpg", "e.jpg", modified=START_US // 1_000_000)
    whole = (folder / "a.jpg").read_bytes()
    (folder / "b.jpg").write_bytes(whole[:len(whole) // 2])
    (folder / "c.jpg").write_bytes(b"")
    (folder / "d.jpg").write_bytes(os.urandom(5000))
    (folder / "d.png").mkdir()
    os.symlink("/nonexistent", folder / "dd.jpg")
    seen = grab(folder)
    assert len(seen.frames) == 2 and seen.counts["packets_damaged"] == 5 and seen.end["code"] == "EEOF", seen.text
    empty = place.folder / "empty"
    empty.mkdir()
    assert grab(empty).end["code"] == "EFORMAT"


@beside
def test_a_watched_folder_shows_what_is_added(place):
    """A picture still being written is waited for."""
    folder = still_folder(place, "0.jpg")
    watching = Watching(place, folder, poll_interval_s=0.1, stall_timeout_s=30)
    watching.wait(lambda seen: len(seen.frames) == 1, 20, "the first picture")
    write_still(place.folder / "next.jpg", 1)
    whole = (place.folder / "next.jpg").read_bytes()
    with (folder / "1.jpg").open("wb") as half:
        half.write(whole[:len(whole) // 2])
        half.flush()
        time.sleep(0.5)
        assert len(watching.seen().frames) == 1
        half.write(whole[len(whole) // 2:])
    watching.wait(lambda seen: len(seen.frames) == 2, 20, "the second picture")
    seen = watching.stop()
    assert not seen.of("status")[-1]["counts"]["packets_damaged"] if seen.of("status") else True


# ---- real footage ----

def test_real_footage_is_read_to_its_end(footage_data):
    """The first minutes of every clip there is."""
    clips = sorted(path for path in footage_data.iterdir() if path.suffix == ".mp4")[:6]
    assert clips
    for clip in clips:
        seen = grab(clip, frames=20, watch_interval_s=2)
        assert seen.frames and not seen.counts["packets_damaged"], clip
