"""A server of hotspots that fails on demand, over HTTP or HTTPS."""
import ssl
import subprocess
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

VIIRS = ("latitude,longitude,bright_ti4,scan,track,acq_date,acq_time,satellite,instrument,confidence,version,"
         "bright_ti5,frp,daynight\n")
KEY = "5ecre75ecre75ecre75ecre75ecre700"


def row(latitude=37.6, longitude=111.9, date="2026-04-04", clock=538, frp=4.5):
    return f"{latitude},{longitude},330.1,0.39,0.36,{date},{clock},N20,VIIRS,n,2.0NRT,290.2,{frp},D\n"


class Answer:
    """What the server does with a request; by default a table of no rows."""

    def __init__(self, body=VIIRS, status=200, headers=(), cut=0, hang_s=0, chunked_cut=False, endless=False):
        self.body, self.status, self.headers = body.encode() if isinstance(body, str) else body, status, headers
        self.cut, self.hang_s, self.chunked_cut, self.endless = cut, hang_s, chunked_cut, endless


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *words):
        pass

    def do_GET(self):
        self.server.requests.append(self.path)
        answers = self.server.answers
        answer = answers.pop(0) if len(answers) > 1 else answers[0]
        try:
            self.give(answer)
        except (BrokenPipeError, ConnectionResetError, ssl.SSLError):
            pass
        self.close_connection = True

    def give(self, answer):
        if answer.hang_s:
            self.server.stopping.wait(answer.hang_s)
        self.send_response(answer.status)
        for name, value in answer.headers:
            self.send_header(name, value)
        if answer.chunked_cut:
            self.send_header("Transfer-Encoding", "chunked")
            self.end_headers()
            self.wfile.write(b"%x\r\n%s\r\n" % (len(answer.body), answer.body))
            return
        if answer.endless:
            self.end_headers()
            while not self.server.stopping.is_set():
                self.wfile.write(answer.body)
            return
        self.send_header("Content-Length", str(len(answer.body)))
        self.end_headers()
        self.wfile.write(answer.body[:len(answer.body) - answer.cut])


class HotspotServer:
    """Serves its answers in their order, the last one for ever; remembers the paths asked for."""

    def __init__(self, *answers, certificate=None):
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.server.answers, self.server.requests = list(answers) or [Answer()], []
        self.server.stopping = threading.Event()
        self.scheme = "http"
        if certificate:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(certificate)
            self.server.socket = context.wrap_socket(self.server.socket, server_side=True)
            self.scheme = "https"
        self.thread = threading.Thread(target=self.server.serve_forever, args=(0.05,), daemon=True)

    @property
    def url(self):
        return f"{self.scheme}://127.0.0.1:{self.server.server_address[1]}"

    @property
    def requests(self):
        return self.server.requests

    def answer(self, *answers):
        self.server.answers[:] = answers

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *failure):
        self.server.stopping.set()
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()


def make_certificate(folder):
    """A self-signed certificate for 127.0.0.1, with its key, in one file."""
    path = folder / "server.pem"
    subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", str(path), "-out",
                    str(folder / "only.pem"), "-days", "2", "-subj", "/CN=127.0.0.1", "-addext",
                    "subjectAltName=IP:127.0.0.1"], check=True, capture_output=True)
    path.write_text(path.read_text() + (folder / "only.pem").read_text())
    return path
