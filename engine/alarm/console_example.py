#!/usr/bin/python3
"""The smallest useful console: shows alarms, notices silence and gaps. Start from here for your own.

    console_example.py [ENDPOINT]        by default tcp://127.0.0.1:5570
"""
import json
import sys

import zmq

SILENCE_S = 3


def main():
    endpoint = sys.argv[1] if len(sys.argv) > 1 else "tcp://127.0.0.1:5570"
    socket = zmq.Context().socket(zmq.SUB)
    for topic in ("alarm/", "hb/"):  # the heartbeat last: what it counts is then ours to receive
        socket.setsockopt_string(zmq.SUBSCRIBE, topic)
    socket.connect(endpoint)
    last = None  # number of the latest alarm message
    while True:
        if not socket.poll(SILENCE_S * 1000):
            print("no heartbeat: the engine is down or the link is cut", flush=True)
            continue
        _topic, header, body = socket.recv_multipart()
        _version, _epoch, stream, number = header.decode().split()
        message = json.loads(body)
        newest = message["last"]["alarm"] if stream == "hb" else int(number)
        missed = newest - last - (stream == "alarm") if last is not None else 0
        if missed > 0:
            print(f"{missed} alarm messages were missed: read them from the engine's store", flush=True)
        last = newest
        if stream == "alarm":
            camera, times = message["camera"], message["times"]
            where = message["place"] or (camera or {}).get("name") or "no camera"
            print(times["updated"], message["priority"], message["state"], where,
                  f"{message['kind']} {message['probability']:.2f}:", message["reasons"][0]["text"], flush=True)


if __name__ == "__main__":
    main()
