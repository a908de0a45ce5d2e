"""A small ONVIF PTZ service: GetStatus of a camera that turns, with the WS-Security digest checked.

    onvif_service.py --user NAME --password SECRET

prints "port N" once it serves. The path says how the camera behaves:
    /ptz            as it should        /degrees      reports degrees, not -1..1
    /httpdigest     wants HTTP digest   /absent       an empty PTZStatus
    /lies           IDLE while it turns /fault        a SOAP fault, No such profile
    /html /cut /bomb /endless /redirect /nan          what a hostile or broken one sends
    /silent         takes the request and says nothing
GET /seen lists the requests that came, as JSON.
"""
import argparse
import base64
import hashlib
import json
import re
import threading
import time
from datetime import datetime, timezone
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from xml.etree import ElementTree

SOAP = "{http://www.w3.org/2003/05/soap-envelope}"
PTZ = "{http://www.onvif.org/ver20/ptz/wsdl}"
WSSE = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-secext-1.0.xsd"
WSU = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-utility-1.0.xsd"
REALM = "camera"


def envelope(body):
    return ('<?xml version="1.0" encoding="UTF-8"?>'
            '<env:Envelope xmlns:env="http://www.w3.org/2003/05/soap-envelope"'
            ' xmlns:tptz="http://www.onvif.org/ver20/ptz/wsdl" xmlns:tt="http://www.onvif.org/ver10/schema"'
            f' xmlns:ter="http://www.onvif.org/ver10/error"><env:Body>{body}</env:Body></env:Envelope>')


def status(pan, tilt, zoom, moving):
    word = "MOVING" if moving else "IDLE"
    space = "http://www.onvif.org/ver10/tptz/PanTiltSpaces/PositionGenericSpace"
    now = datetime.now(timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
    return envelope(
        f'<tptz:GetStatusResponse><tptz:PTZStatus><tt:Position><tt:PanTilt x="{pan}" y="{tilt}" space="{space}"/>'
        f'<tt:Zoom x="{zoom}"/></tt:Position><tt:MoveStatus><tt:PanTilt>{word}</tt:PanTilt><tt:Zoom>IDLE</tt:Zoom>'
        f'</tt:MoveStatus><tt:UtcTime>{now}</tt:UtcTime></tptz:PTZStatus></tptz:GetStatusResponse>')


def fault(subcode, reason):
    return envelope(f'<env:Fault><env:Code><env:Value>env:Sender</env:Value><env:Subcode><env:Value>{subcode}'
                    f'</env:Value></env:Subcode></env:Code><env:Reason><env:Text xml:lang="en">{reason}</env:Text>'
                    '</env:Reason></env:Fault>')


class Camera(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, user, password):
        super().__init__(("127.0.0.1", 0), Handler)
        self.user, self.password = user, password
        self.nonces, self.seen, self.asked = set(), [], 0
        self.lock = threading.Lock()

    def digest_fits(self, root):
        """As the profile asks: the digest of nonce, time and password; fresh, and each nonce once."""
        token = root.find(f"{SOAP}Header/{{{WSSE}}}Security/{{{WSSE}}}UsernameToken")
        if token is None:
            return False
        nonce = base64.b64decode(token.findtext(f"{{{WSSE}}}Nonce"))
        created = token.findtext(f"{{{WSU}}}Created")
        digest = hashlib.sha1(nonce + created.encode() + self.password.encode()).digest()
        age = abs(time.time() - datetime.fromisoformat(created.replace("Z", "+00:00")).timestamp())
        with self.lock:
            fresh = nonce not in self.nonces
            self.nonces.add(nonce)
        return (fresh and age < 300 and token.findtext(f"{{{WSSE}}}Username") == self.user
                and base64.b64decode(token.findtext(f"{{{WSSE}}}Password")) == digest)

    def http_digest_fits(self, header, method, path):
        if not header or not header.startswith("Digest "):
            return False
        parts = dict(re.findall(r'(\w+)="?([^",]+)"?', header))
        md5 = lambda text: hashlib.md5(text.encode()).hexdigest()  # noqa: E731
        first = md5(f"{self.user}:{REALM}:{self.password}")
        second = md5(f"{method}:{path}")
        wanted = md5(f"{first}:{parts.get('nonce')}:{parts.get('nc')}:{parts.get('cnonce')}:auth:{second}")
        return parts.get("username") == self.user and parts.get("response") == wanted


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def answer(self, code, text, kind="application/soap+xml", **headers):
        body = text.encode() if isinstance(text, str) else text
        self.send_response(code)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        self.wfile.write(body)

    def do_GET(self):
        with self.server.lock:
            self.answer(200, json.dumps(self.server.seen), "application/json")

    def do_POST(self):
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        with self.server.lock:
            self.server.seen.append({"path": self.path, "body": body.decode(errors="replace"),
                                     "authorization": self.headers.get("Authorization", "")})
        if self.path == "/httpdigest":
            if not self.server.http_digest_fits(self.headers.get("Authorization"), "POST", self.path):
                self.answer(401, "", WWW_Authenticate=f'Digest realm="{REALM}", qop="auth", nonce="4711"')
                return
        elif not self.server.digest_fits(ElementTree.fromstring(body)):
            self.answer(400, fault("ter:NotAuthorized", "Sender not authorized"))
            return
        self.behave(ElementTree.fromstring(body))

    def behave(self, root):
        request = root.find(f"{SOAP}Body/{PTZ}GetStatus/{PTZ}ProfileToken")
        with self.server.lock:
            turn = self.server.asked
            self.server.asked += 1
        if request is None or request.text != "Profile_1" or self.path == "/fault":
            self.answer(400, fault("ter:InvalidArgVal", "No such profile"))
        elif self.path in ("/ptz", "/httpdigest", "/lies"):
            turning = turn % 4 in (1, 2)
            pan = -0.25 + (0.02 * (turn % 4) if turning else 0)
            self.answer(200, status(pan, -0.1, 0.5, turning and self.path != "/lies"))
        elif self.path == "/degrees":
            self.answer(200, status(123.4, -4.5, 1, False))
        elif self.path == "/absent":
            self.answer(200, envelope("<tptz:GetStatusResponse><tptz:PTZStatus/></tptz:GetStatusResponse>"))
        elif self.path == "/html":
            self.answer(200, "<html><body>Welcome</body></html>", "text/html")
        elif self.path == "/cut":
            self.answer(200, status(0, 0, 0, False)[:200])
        elif self.path == "/nan":
            self.answer(200, status("nan", "1e999", "0x1", False))
        elif self.path == "/bomb":
            entities = "".join(f'<!ENTITY e{i} "{f"&e{i - 1};" * 10}">' for i in range(1, 12))
            self.answer(200, f'<?xml version="1.0"?><!DOCTYPE b [<!ENTITY e0 "boom">{entities}]>'
                             '<Envelope><Body>&e11;</Body></Envelope>')
        elif self.path == "/redirect":
            self.answer(302, "", Location="http://127.0.0.1:1/elsewhere")
        elif self.path == "/endless":
            self.send_response(200)
            self.end_headers()
            try:
                while True:
                    self.wfile.write(b"<a>" * 4096)
            except OSError:
                self.close_connection = True
        elif self.path == "/silent":
            time.sleep(60)
        else:
            self.answer(404, "", "text/plain")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--user", required=True)
    parser.add_argument("--password", required=True)
    arguments = parser.parse_args()
    camera = Camera(arguments.user, arguments.password)
    print("port", camera.server_address[1], flush=True)
    camera.serve_forever()


if __name__ == "__main__":
    main()
