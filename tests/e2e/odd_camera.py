"""A camera that does on demand what real ones do at the worst time.

An RTSP server over TCP and UDP whose packets FFmpeg made: record() lets ffmpeg push a clip here (ANNOUNCE,
RECORD) and keeps its RTP packets; OddCamera plays such recordings to anybody, at their own speed, with
timestamps, sender reports and manners that a test chooses.
"""
import random
import re
import select
import socket
import struct
import subprocess
import threading
import time

CLOCK_HZ = 90000
NTP_OF_1970 = 2208988800
REPORT_EVERY_S = 0.5


class Recording:
    """An SDP, and RTP packets as (time in ticks from the first, marker, payload)."""

    def __init__(self, sdp, payload_type, packets):
        self.sdp, self.payload_type, self.packets = sdp, payload_type, packets

    @property
    def seconds(self):
        return self.packets[-1][0] / CLOCK_HZ


class Wire:
    """The TCP connection of an RTSP session: requests, with RTP and RTCP packets between them."""

    def __init__(self, connection):
        self.connection, self.buffer, self.gone = connection, b"", False

    def next(self, wait_s):
        """(channel, packet), (method, headers, body), or None where nothing whole came in time."""
        end_s = time.monotonic() + max(wait_s, 0)
        while not (found := self.take()) and not self.gone:
            if not select.select([self.connection], [], [], max(end_s - time.monotonic(), 0))[0]:
                return None
            more = self.connection.recv(65536)
            self.gone = not more
            self.buffer += more
        return found

    def take(self):
        if self.buffer[:1] == b"$":
            return self.cut(4 + struct.unpack("!H", self.buffer[2:4])[0]) if len(self.buffer) >= 4 else None
        end = self.buffer.find(b"\r\n\r\n") + 4
        if end < 4:
            return None
        lines = self.buffer[:end].decode(errors="replace").strip().split("\r\n")
        headers = {name.lower(): value.strip() for name, value in (line.split(":", 1) for line in lines[1:])}
        size = end + int(headers.get("content-length", 0))
        if len(self.buffer) < size:
            return None
        body, self.buffer = self.buffer[end:size], self.buffer[size:]
        return lines[0].split(" ")[0], headers, body

    def cut(self, size):
        if len(self.buffer) < size:
            return None
        packet, self.buffer = self.buffer[:size], self.buffer[size:]
        return packet[1], packet[4:]


def answer(headers, status="200 OK", more=(), body=b""):
    lines = [f"RTSP/1.0 {status}", f"CSeq: {headers.get('cseq', 0)}", *more]
    if body:
        lines.append(f"Content-Length: {len(body)}")
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


def record(clip):
    """Lets ffmpeg push the clip over TCP, as fast as it can."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(30)
        pusher = subprocess.Popen(["ffmpeg", "-v", "error", "-i", str(clip), "-c", "copy", "-f", "rtsp",
                                   "-rtsp_transport", "tcp", f"rtsp://127.0.0.1:{server.getsockname()[1]}/in"])
        connection, _ = server.accept()
    sdp, packets, begun, payload_type = "", [], None, 96
    with connection:
        wire = Wire(connection)
        while found := wire.next(30):
            if len(found) == 2:
                channel, packet = found
                if channel == 0:
                    stamp = struct.unpack("!I", packet[4:8])[0]
                    begun = stamp if begun is None else begun
                    payload_type = packet[1] & 0x7f
                    packets.append(((stamp - begun) & 0xffffffff, packet[1] >> 7, packet[12:]))
                continue
            method, headers, body = found
            more = ["Session: 1"]
            if method == "ANNOUNCE":
                sdp = body.decode()
            if method == "SETUP":
                more.append(f"Transport: {headers['transport']}")
            connection.sendall(answer(headers, more=more))
            if method == "TEARDOWN":
                break
    pusher.wait(30)
    assert packets, "ffmpeg pushed nothing"
    return Recording(sdp, payload_type, packets)


class Oddity:
    """How a camera behaves; every default is that of a healthy one."""
    hang = None             # "accept", "DESCRIBE", "SETUP": never answers it
    silent = False          # answers PLAY, and sends nothing
    refuse = {}             # method: status line
    only = None             # "tcp" or "udp"
    no_body = False         # DESCRIBE without a description
    first_stamp = 1000      # RTP timestamp of the first packet
    reports = True          # sender reports at all
    loss = 0                # share of RTP packets that get lost

    def wall_s(self, now_s):
        """The camera's own idea of the time."""
        return now_s

    def recording(self, camera, connection):
        """What the connection of this number, from 0, shows."""
        return camera.recordings[min(connection, len(camera.recordings) - 1)]

    def change(self, played_s, packet):
        """Last word on a packet's (ticks, marker, payload); None ends the stream in silence, "close" hangs
        up, bytes go out as they are."""
        return packet


class OddCamera:
    """Serves recordings at self.url with the oddity given; stop() or the end of a with block ends it."""

    def __init__(self, *recordings, oddity=None, port=0):
        self.recordings, self.oddity = recordings, oddity or Oddity()
        self.server = socket.create_server(("127.0.0.1", port))
        self.port = self.server.getsockname()[1]
        self.url = f"rtsp://127.0.0.1:{self.port}/cam"
        self.connections, self.requests, self.stopping = 0, [], threading.Event()
        self.threads = [threading.Thread(target=self.listen, daemon=True)]
        self.threads[0].start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()

    def stop(self):
        self.stopping.set()
        self.server.close()
        for thread in self.threads:
            thread.join(10)

    def listen(self):
        self.server.settimeout(0.1)
        while not self.stopping.is_set():
            try:
                connection, _ = self.server.accept()
            except OSError:
                continue
            self.threads.append(threading.Thread(target=self.serve, args=(connection, self.connections),
                                                 daemon=True))
            self.connections += 1
            self.threads[-1].start()

    def serve(self, connection, number):
        try:
            with connection:
                Session(self, connection, number).run()
        except (OSError, ValueError):
            pass  # the client left in its own way


class Session:
    """One client, from its first request to its leaving."""

    def __init__(self, camera, connection, number):
        self.camera, self.oddity, self.connection = camera, camera.oddity, connection
        self.recording = self.oddity.recording(camera, number)
        self.wire = Wire(connection)
        self.sockets, self.to = None, None
        self.random = random.Random(number)

    def run(self):
        if self.oddity.hang == "accept":
            self.camera.stopping.wait()
            return
        request = None
        while not self.camera.stopping.is_set() and not self.wire.gone:
            request = request or self.wire.next(0.1)
            if request and len(request) == 3:
                request = self.respond(*request)
                if request == "end":
                    return
            else:
                request = None

    def respond(self, method, headers, _):
        """Answers one request; gives the next one where it was read already, or "end"."""
        self.camera.requests.append(method)
        if self.oddity.hang == method:
            self.camera.stopping.wait()
            return "end"
        if method in self.oddity.refuse:
            self.say(answer(headers, self.oddity.refuse[method]))
        elif method == "DESCRIBE":
            body = b"" if self.oddity.no_body else self.description()
            self.say(answer(headers, more=["Content-Type: application/sdp",
                                           f"Content-Base: {self.camera.url}/"], body=body))
        elif method == "SETUP":
            self.set_up(headers)
        elif method == "PLAY":
            self.say(answer(headers, more=["Session: 1"]))
            return self.play()
        else:
            self.say(answer(headers, more=["Session: 1", "Public: OPTIONS, DESCRIBE, SETUP, PLAY, TEARDOWN, "
                                                         "GET_PARAMETER"]))
        return "end" if method == "TEARDOWN" else None

    def description(self):
        sdp = re.sub(r"c=IN IP4 \S+", "c=IN IP4 0.0.0.0", self.recording.sdp)
        sdp = re.sub(r"m=video \d+", "m=video 0", sdp)
        return sdp.encode()

    def set_up(self, headers):
        wanted = headers["transport"]
        udp = "TCP" not in wanted
        if self.oddity.only and udp != (self.oddity.only == "udp"):
            self.say(answer(headers, "461 Unsupported Transport"))
            return
        if udp:
            ports = [int(port) for port in re.search(r"client_port=(\d+)-(\d+)", wanted).groups()]
            self.sockets = [socket.socket(socket.AF_INET, socket.SOCK_DGRAM) for _ in range(2)]
            for one in self.sockets:
                one.bind(("127.0.0.1", 0))
            self.to = [("127.0.0.1", port) for port in ports]
            own = "-".join(str(one.getsockname()[1]) for one in self.sockets)
            wanted = f"RTP/AVP;unicast;client_port={ports[0]}-{ports[1]};server_port={own}"
        self.say(answer(headers, more=["Session: 1;timeout=60", f"Transport: {wanted}"]))

    def say(self, words):
        self.connection.sendall(words)

    def send(self, channel, packet):
        if self.sockets:
            self.sockets[channel].sendto(packet, self.to[channel])
        else:
            self.connection.sendall(struct.pack("!cBH", b"$", channel, len(packet)) + packet)

    def report(self, stamp):
        wall_s = self.oddity.wall_s(time.time()) + NTP_OF_1970
        whole = int(wall_s)
        self.send(1, struct.pack("!BBHIIIIII", 0x80, 200, 6, 0x1234, whole & 0xffffffff,
                                 int((wall_s - whole) * 2**32), stamp & 0xffffffff, 0, 0))

    def play(self):
        """Sends the recording over and over; gives the client's next request, or "end"."""
        begun_s, sequence, round_ticks, report_s = time.monotonic(), 0, 0, -REPORT_EVERY_S
        while not self.oddity.silent:
            for ticks, marker, payload in self.recording.packets:
                played_s = (round_ticks + ticks) / CLOCK_HZ
                request = self.until(begun_s + played_s)
                if request:
                    return request
                packet = self.oddity.change(played_s, (round_ticks + ticks, marker, payload))
                if packet is None:
                    return None
                if packet == "close":
                    return "end"
                if isinstance(packet, bytes):
                    self.connection.sendall(packet)
                    continue
                stamp = self.oddity.first_stamp + packet[0]
                if self.oddity.reports and played_s - report_s >= REPORT_EVERY_S:
                    report_s = played_s
                    self.report(stamp)
                sequence += 1
                if self.random.random() >= self.oddity.loss:
                    self.send(0, struct.pack("!BBHII", 0x80, packet[1] << 7 | self.recording.payload_type,
                                             sequence & 0xffff, stamp & 0xffffffff, 0x1234) + packet[2])
            round_ticks += self.recording.packets[-1][0] + CLOCK_HZ // 10
        return None

    def until(self, time_s):
        """Waits for the time and listens meanwhile; gives a request, "end", or None. The client's own
        receiver reports are of no interest."""
        while True:
            left_s = time_s - time.monotonic()
            found = self.wire.next(min(left_s, 0.1))
            if found and len(found) == 3:
                return found
            if self.wire.gone or self.camera.stopping.is_set():
                return "end"
            if left_s <= 0:
                return None
