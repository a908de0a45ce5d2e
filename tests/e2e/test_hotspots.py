"""linhuo hotspots: files of every layout, and feeds against a real HTTP server that fails in every way."""
import json
import os
import sqlite3
import subprocess
import time

import pytest

from conftest import BUILD, DATA, LINHUO, free_port
from hotspot_server import KEY, VIIRS, Answer, HotspotServer, make_certificate, row

BOX = "111.0,37.0,112.8,38.4"
ENVIRONMENT = {**os.environ, "no_proxy": "127.0.0.1", "NO_PROXY": "127.0.0.1"}


def run(*words, status=0):
    done = subprocess.run([str(LINHUO), "hotspots", *map(str, words)], capture_output=True, text=True, timeout=120,
                          env=ENVIRONMENT)
    assert done.returncode == status, done.stdout + done.stderr
    return done


def read(*words, status=0):
    return json.loads(run(*words, "--json", status=status).stdout)


@pytest.fixture
def site(tmp_path):
    """Writes a site file with one feed and gives its path; the key file is there."""
    key = tmp_path / "key"
    key.write_text(KEY + "\n")
    key.chmod(0o600)

    def write(kind="firms", **options):
        feed = {"name": "firms", "kind": kind, **options}
        if kind == "firms":
            feed = {"sources": ["VIIRS_NOAA20_NRT"], "key_file": "key", "timeout_s": 20, **feed}
        text = json.dumps({"site": {"box": BOX, "data_folder": "data"}, "feeds": [feed]}, ensure_ascii=False)
        path = tmp_path / "site.yaml"
        path.write_text(text)
        return path

    return write


# ---- files ----

def test_it_says_what_is_in_a_file(tmp_path):
    table = tmp_path / "a.csv"
    table.write_text(VIIRS + row() + row(latitude=95) + row(latitude=38, clock=18))
    report, = read(table)["files"]
    assert (report["state"], report["rows"], report["refused"]) == ("rows", 3, 1)
    assert report["layout"] == "FIRMS VIIRS, area API"
    assert report["refusals"] == [{"line": 3, "why": "95, 111.9 is no place on earth"}]
    assert (report["first_utc"], report["last_utc"]) == ("2026-04-04T00:18:00.000Z", "2026-04-04T05:38:00.000Z")
    words = run(table, "--near", "37.6,111.9,10").stdout
    assert "3 rows, 1 refused" in words and "line 3 refused" in words and "1 of them in the area" in words
    assert read(table, "--box", "111,37.9,112,39")["files"][0]["wanted"] == 1


def test_geojson_can_be_read_again(tmp_path):
    table, again = tmp_path / "a.csv", tmp_path / "a.geojson"
    table.write_text(VIIRS + row() + row(latitude=38, clock=18))
    again.write_text(run(table, "--geojson").stdout)
    first, second = read(table)["files"][0], read(again)["files"][0]
    for key in ("rows", "refused", "first_utc", "last_utc", "satellites", "confidence", "day", "night"):
        assert first[key] == second[key], key
    assert second["layout"].startswith("GeoJSON, FIRMS VIIRS")


def test_a_map_is_a_picture(tmp_path):
    from PIL import Image
    table, picture = tmp_path / "a.csv", tmp_path / "a.png"
    table.write_text(VIIRS + row() + row(latitude=38))
    run(table, "--png", picture, "--box", BOX)
    with Image.open(picture) as image:
        colours = {colour for _, colour in image.convert("RGB").getcolors(1 << 20)}
        assert image.width == 1296 and len(colours) > 5
    run(table, "--png", tmp_path / "no" / "a.png", status=1)


def test_wrong_words_are_told(tmp_path):
    table = tmp_path / "a.csv"
    table.write_text(VIIRS)
    for words, says in [([], "no file"), ([table, "--near", "1,2"], "--near"), ([table, "--box", "3,2,1"], "--box"),
                        ([table, "--rule", "min_date=3"], "'min_date' is not known"),
                        ([table, "--rule", "min_dates=0"], "between 2 and 1000"), ([table, "--feeds"], "--feeds"),
                        ([table, "--feed", "x"], "no feed"), ([table, "--json", "--geojson"], "one of")]:
        assert says in run(*words, status=2).stderr
    assert "no such" in run(tmp_path / "absent.csv", status=1).stderr.lower()
    assert "Exit status" in run("--help").stdout
    page = tmp_path / "page.csv"
    page.write_text("<html>Log in</html>")
    assert "no table" in run(page, status=1).stdout


def test_columns_of_the_site_file_are_used(tmp_path, site):
    columns = {"latitude": "纬度", "longitude": "经度", "time": "时间"}
    path = site("folder", folder="drop", columns=columns, time_format="%Y年%m月%d日 %H:%M", datum="gcj02")
    table = tmp_path / "任务.csv"
    table.write_bytes("编号,经度,纬度,时间\n1,112.162604,37.551784,2026年04月04日 13:38\n".encode("gb18030"))
    collection = json.loads(run(path, table, "--feed", "firms", "--geojson").stdout)
    properties = collection["features"][0]["properties"]
    assert abs(properties["longitude"] - 112.156) < 1e-5
    assert (properties["acq_date"], properties["acq_time"]) == ("2026-04-04", "0538")


@pytest.fixture
def hotspot_data():
    if not (DATA / "hotspots").is_dir():
        pytest.skip(f"no recorded hotspots in {DATA} (LINHUO_DATA says where they are)")
    return DATA / "hotspots"


def test_real_heat_sources(hotspot_data):
    rule = "min_dates=2,window_days=3650,min_span_days=10,min_night_fraction=0,expiry_days=3650"
    shanxi = hotspot_data / "MODIS_shanxi_2018-2025_dedup.csv"
    damaged = hotspot_data / "MODIS_C6_1_Global_24h_2022-05-18_spreadsheet_damaged.csv"

    def dates_near(heat, latitude, longitude):
        return max([s["dates"] for s in heat["sources"] if abs(s["latitude_deg"] - latitude) < 0.006 and
                    abs(s["longitude_deg"] - longitude) < 0.008], default=0)

    heat = read(shanxi, "--register", "--rule", rule)["heat"]
    assert heat["rule"]["window_days"] == 3650
    assert dates_near(heat, 37.928, 112.544) == 7
    assert dates_near(heat, 37.5735, 112.262) == 2
    both = read(shanxi, damaged, "--box", "110.8,36.8,113.2,38.4", "--rule", rule)
    assert dates_near(both["heat"], 37.5735, 112.262) == 3
    assert dates_near(both["heat"], 37.5845, 112.1875) == 2
    note = both["files"][1]["note"]
    assert "spreadsheet" in note and "month/day/year" in note
    assert both["files"][1]["rows"] == 9425


# ---- feeds, one look ----

def test_rows_come_once(site, tmp_path):
    with HotspotServer(Answer(VIIRS + row() + row(latitude=37.7))) as server:
        path = site(url=server.url)
        report, = read(path, "--feeds")["files"]
        assert (report["state"], report["rows"], report["new"], report["known"]) == ("rows", 2, 2, 0)
        assert server.requests == [f"/api/area/csv/{KEY}/VIIRS_NOAA20_NRT/111,37,112.8,38.4/2"]
        report, = read(path, "--feeds")["files"]
        assert (report["new"], report["known"]) == (0, 2)
    with sqlite3.connect(tmp_path / "data" / "hotspots.sqlite") as log:
        assert log.execute("SELECT count(*), min(satellite), min(source) FROM hotspot").fetchone() == \
            (2, "NOAA-20", "firms")


GZIPPED = [("Content-Encoding", "gzip")]
FAILURES = {
    "a wrong key, status 200": (Answer("Invalid MAP_KEY."), "EAUTH", "status 200 and 'Invalid MAP_KEY.'"),
    "a wrong key, status 400": (Answer("Invalid MAP_KEY.", 400), "EAUTH", "status 400"),
    "a wrong key, status 401": (Answer("Invalid MAP_KEY.", 401), "EAUTH", "status 401"),
    "too many": (Answer("Exceeding allowed transaction limit."), "ELIMIT", "transaction limit"),
    "a text with status 200": (Answer("Sorry, the database is down.\n"), "EFORMAT", "the database is down"),
    "the key in a text": (Answer(f"no such key {KEY} here"), "EFORMAT", "no such key ****"),
    "a page": (Answer("<html><h1>Welcome</h1></html>"), "EFORMAT", "<html>"),
    "nothing": (Answer("", 500), "EIO", "status 500 and nothing"),
    "a broken gateway": (Answer("<html>Bad Gateway</html>", 502), "EIO", "Bad Gateway"),
    "a table with status 503": (Answer(VIIRS + row(), 503), "EIO", "status 503"),
    "a redirection": (Answer("", 302, [("Location", f"http://example.invalid/{KEY}")]), "EPERM",
                      "redirects (status 302) to 'example.invalid'"),
    "a hang": (Answer(hang_s=60), "ETIMEOUT", "no whole answer within 1 s"),
    "no end": (Answer(VIIRS + row() * 1000, endless=True), "ELIMIT", "larger than"),
    "a bomb": (Answer(__import__("gzip").compress(b"7" * 50_000_000), headers=GZIPPED), "ELIMIT", "larger than"),
    "no gzip": (Answer("not gzip at all", headers=GZIPPED), "EIO", ""),
    "a spreadsheet's dates": (Answer(VIIRS + row(date="6/3/2022")), "EFORMAT", "spreadsheet"),
    "another header": (Answer("latitude,longitude,when\n1,2,3\n"), "EFORMAT", "lacks a column"),
}


@pytest.mark.parametrize("name", FAILURES)
def test_a_failure_is_told_and_leaks_no_key(name, site, tmp_path):
    answer, error, says = FAILURES[name]
    with HotspotServer(answer) as server:
        path = site(url=server.url, max_size_mib=1, timeout_s=1 if answer.hang_s else 20)
        done = run(path, "--feeds", "--json", status=1)
        report, = json.loads(done.stdout)["files"]
        assert (report["state"], report["error"]) == ("failed", error)
        assert says in report["note"] and report["note"].startswith("VIIRS_NOAA20_NRT: ")
        assert len(server.requests) == 1
    kept = b"".join(file.read_bytes() for file in (tmp_path / "data").iterdir())
    assert KEY not in done.stdout + done.stderr and KEY.encode() not in kept


def test_a_header_and_nothing_more_is_well(site):
    with HotspotServer() as server:
        report, = read(site(url=server.url), "--feeds")["files"]
        assert (report["state"], report["rows"]) == ("empty", 0)


@pytest.mark.parametrize("answer", [
    Answer(VIIRS + row() + row(latitude=37.7), cut=20),
    Answer(VIIRS + row() + row(latitude=37.7), cut=1),  # the last row looks whole, and may not be
    Answer(VIIRS + row() + row(latitude=37.7)[:-20]),   # cut before it was served
    Answer(VIIRS + row() + row(latitude=37.7)[:-1], chunked_cut=True),
], ids=["in a row", "before a line's end", "by its maker", "in chunks"])
def test_a_body_that_was_cut_off_gives_its_whole_rows(answer, site):
    with HotspotServer(answer) as server:
        report, = read(site(url=server.url), "--feeds")["files"]
        assert (report["state"], report["new"]) == ("truncated", 1)


def test_rows_of_the_future_are_refused(site):
    with HotspotServer(Answer(VIIRS + row(date="2126-04-04") + row())) as server:
        report, = read(site(url=server.url), "--feeds")["files"]
        assert (report["new"], report["refused"]) == (1, 1)
        assert "in the future" in report["refusals"][0]["why"]


def test_a_server_that_is_not_there(site):
    report, = read(site(url=f"http://127.0.0.1:{free_port()}"), "--feeds", status=1)["files"]
    assert report["error"] == "ECONNECT"


def test_tls_is_checked(site, tmp_path):
    certificate = make_certificate(tmp_path)
    with HotspotServer(Answer(VIIRS + row()), certificate=certificate) as server:
        report, = read(site(url=server.url, tls_ca_path="only.pem"), "--feeds")["files"]
        assert report["new"] == 1
        report, = read(site(url=server.url), "--feeds", status=1)["files"]
        assert report["error"] == "ECONNECT" and "TLS" in report["note"]
        assert len(server.requests) == 1


def test_each_source_is_asked_and_one_that_fails_stops_no_other(site):
    answers = [Answer(VIIRS + row()), Answer("oh", 500), Answer(VIIRS + row(latitude=37.7))]
    with HotspotServer(*answers) as server:
        path = site(url=server.url, sources=["MODIS_NRT", "VIIRS_SNPP_NRT", "VIIRS_NOAA21_NRT"])
        reports = read(path, "--feeds", status=1)["files"]
        assert [report["state"] for report in reports] == ["rows", "failed", "rows"]
        assert [request.split("/")[5] for request in server.requests] == \
            ["MODIS_NRT", "VIIRS_SNPP_NRT", "VIIRS_NOAA21_NRT"]


def test_a_plain_address_is_a_feed_too(site):
    with HotspotServer(Answer(VIIRS + row())) as server:
        report, = read(site("http", url=server.url + "/today.csv?x=1"), "--feeds")["files"]
        assert report["new"] == 1 and server.requests == ["/today.csv?x=1"]


def test_a_day_of_the_world(site, hotspot_data):
    world = (hotspot_data / "MODIS_C6_1_Global_7d_2022-06-04.csv").read_bytes()
    with HotspotServer(Answer(world)) as server:
        report, = read(site(url=server.url), "--feeds")["files"]
        assert (report["rows"], report["refused"]) == (52377, 0)


def test_a_watched_folder_is_read_once(site, tmp_path):
    drop = tmp_path / "drop"
    drop.mkdir()
    old = time.time() - 100
    (drop / "a.csv").write_text(VIIRS + row())
    os.utime(drop / "a.csv", (old, old))
    (drop / "fresh.csv").write_text(VIIRS + row(latitude=37.7))
    path = site("folder", folder="drop")
    assert [report["name"] for report in read(path, "--feeds")["files"]] == ["firms a.csv"]
    os.utime(drop / "fresh.csv", (old, old))
    assert [report["name"] for report in read(path, "--feeds")["files"]] == ["firms fresh.csv"]
    assert read(path, "--feeds")["files"] == []


def test_mistakes_in_a_feed_are_found_with_their_line(tmp_path):
    path = tmp_path / "site.yaml"
    path.write_text("feeds:\n- {name: a, kind: http}\n- {name: a, kind: folder}\n- {name: b, kind: firms}\n"
                    "- {name: c, kind: http, url: 'ftp://x'}\n- {name: d, kind: http, url: 'http://x',"
                    " columns: {latitude: y}}\n- {name: e, kind: http, url: 'http://x', box: '1,2,3'}\n"
                    "- {name: f, kind: firm}\n- {name: g, kind: http, url: 'http://x', columns: {lattitude: y}}\n")
    done = subprocess.run([str(LINHUO), "check", str(path)], capture_output=True, text=True)
    said = done.stdout + done.stderr
    for line in [":2:3: a feed of kind 'http' needs a 'url'", ":3:3: a feed of kind 'folder' needs a 'folder'",
                 ":3:3: two feeds are called 'a'", ":4:3: a feed of kind 'firms' needs a 'key_file'",
                 ":4:3: a feed of kind 'firms' needs a 'box'", ":5:3: the 'url' of a feed begins with",
                 ":6:3: the 'columns' of this feed lack 'longitude'", ":7:3: the 'box' of this feed must be",
                 "did you mean 'firms'?", "did you mean 'latitude'?"]:
        assert line in said, line + "\n" + said


# ---- feeds over time, on a clock that the test sets ----

class Drive:
    """tests/fuse/feed_drive: a feed stepped at chosen seconds."""

    def __init__(self, site):
        self.process = subprocess.Popen([str(BUILD / "tests" / "fuse" / "feed_drive"), str(site)], text=True,
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=ENVIRONMENT)

    def at(self, seconds):
        """(what came, its origin, rows, when it is due again)."""
        self.process.stdin.write(f"{seconds}\n")
        self.process.stdin.flush()
        line = self.process.stdout.readline()
        assert KEY not in line
        what, origin, rows, due = line.split("\t")[0].split()
        return what, origin, int(rows), float(due)

    def __enter__(self):
        return self

    def __exit__(self, *failure):
        self.process.stdin.close()
        assert self.process.wait(30) == 0


def test_a_server_that_fails_is_asked_more_and_more_seldom(site):
    with HotspotServer(Answer("oh", 500)) as server, Drive(site(url=server.url, poll_interval_s=300)) as feed:
        now, waits = 0, []
        for _ in range(10):
            what, _, _, due = feed.at(now)
            assert what == "EIO"
            waits.append(due - now)
            now = int(due)
        assert waits == [30, 60, 120, 240, 480, 960, 1920, 3600, 3600, 3600]
        assert feed.at(now - 1)[0] == "nothing"
        server.answer(Answer(VIIRS + row()))
        assert feed.at(now) == ("rows", "VIIRS_NOAA20_NRT", 1, now + 300)
        server.answer(Answer("oh", 500))
        assert feed.at(now + 300)[3] == now + 330  # the count began anew


def test_it_waits_as_long_as_the_server_asks(site):
    with HotspotServer(Answer("slow down", 429, [("Retry-After", "1234")])) as server, \
            Drive(site(url=server.url)) as feed:
        assert feed.at(0) == ("ELIMIT", "-", 0, 1234)
        server.answer(Answer("Invalid MAP_KEY.", 400))
        assert feed.at(1234) == ("EAUTH", "-", 0, 1234 + 3600)
        server.answer(Answer(VIIRS + row(), cut=5))
        assert feed.at(4834)[0] == "truncated"
        assert feed.at(4834 + 120)[0] == "truncated"  # a body cut off is asked for again soon


def test_days_reach_back_to_the_last_success_and_no_further_than_five(site):
    day = 86400
    with HotspotServer(Answer(VIIRS)) as server, Drive(site(url=server.url, days=3, box="0,0,1,1")) as feed:
        assert feed.at(0)[0] == "empty"
        feed.at(600)                # the same day
        feed.at(day)                # the next one: noon to noon
        server.answer(Answer("oh", 500))
        feed.at(2 * day)
        server.answer(Answer(VIIRS))
        feed.at(3 * day)            # two days without success
        feed.at(30 * day)
        assert [request.rsplit("/", 1)[1] for request in server.requests] == ["3", "1", "2", "2", "3", "5"]
        assert all("/0,0,1,1/" in request for request in server.requests)


def test_transactions_stay_below_the_limit(site):
    with HotspotServer(Answer(VIIRS)) as server, \
            Drive(site(url=server.url, days=1, max_requests=3, poll_interval_s=60)) as feed:
        assert [feed.at(second)[0] for second in (0, 60, 120)] == ["empty"] * 3
        assert feed.at(180) == ("nothing", "-", 0, 600)
        assert feed.at(599)[0] == "nothing"
        assert feed.at(600)[0] == "empty"
        assert len(server.requests) == 4
