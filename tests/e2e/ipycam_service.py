"""The ONVIF service of ipycam, a virtual camera that others wrote, for the tests: make deps-test puts it into .deps/.

    ipycam_service.py FOLDER USER PASSWORD

serves http://127.0.0.1:PORT/onvif/ptz and prints "port N". Only its ONVIF and PTZ parts run; OpenCV, which it draws
with, need not be there.
"""
import sys
import types
from http.server import ThreadingHTTPServer


class Blank(types.ModuleType):
    """Stands for OpenCV, whose constants its modules name when they are read."""

    def __getattr__(self, name):
        return 0


sys.path.insert(0, sys.argv[1])
sys.modules["cv2"] = Blank("cv2")

from ipycam.config import CameraConfig  # noqa: E402
from ipycam.http import IPCameraHTTPHandler  # noqa: E402
from ipycam.onvif import ONVIFService  # noqa: E402
from ipycam.ptz import PTZController  # noqa: E402


def main():
    config = CameraConfig(username=sys.argv[2], password=sys.argv[3])
    ptz = PTZController()
    ptz.absolute_move(pan=0.25, tilt=-0.5, zoom=0.5)
    camera = types.SimpleNamespace(config=config, onvif=ONVIFService(config, ptz), ptz=ptz)
    handler = type("Handler", (IPCameraHTTPHandler,), {"camera": camera})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    print("port", server.server_address[1], flush=True)
    server.serve_forever()


if __name__ == "__main__":
    main()
