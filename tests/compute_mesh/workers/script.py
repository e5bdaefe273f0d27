"""A worker without a model, in a real box: it does what the type of a job says, good or bad."""

import json
import os
import sys
import threading
import time
from base64 import b64decode, b64encode

read, write = sys.stdin.buffer, sys.stdout.buffer
kept: list[str] = []
cancelled: set[int] = set()


def say(message: object) -> None:
    raw(json.dumps(message).encode())


def raw(data: bytes, size: int | None = None) -> None:
    write.write((len(data) if size is None else size).to_bytes(4, "big") + data)
    write.flush()


def result(job: int, **value: object) -> None:
    say({"event": "result", "job": job, "value": value})


def do(job: int, kind: str, given: dict) -> None:
    if kind == "add":
        kept.append(given["word"])
        time.sleep(given.get("lasts", 0))
        result(job, sum=given["a"] + given["b"], process=os.getpid(), kept=list(kept))
    elif kind == "sleep":
        until = time.monotonic() + given["lasts"]
        while time.monotonic() < until:
            if job in cancelled and not given.get("deaf"):
                say({"event": "failed", "job": job, "rule": "Cancelled"})
                return
            time.sleep(0.005)
        result(job)
    elif kind == "bytes":
        for number in range(given["times"]):
            data = b64encode(bytes(given["size"])).decode()
            last = number == given["times"] - 1
            say({"event": "data", "job": job, "name": "some", "data": data, "last": last})
        result(job)
    elif kind == "raw":
        raw(bytes.fromhex(given["hex"]), given.get("size"))
        time.sleep(60)
    elif kind == "pieces":
        for number in range(3):
            say({"event": "piece", "job": job, "index": 0, "text": f"{number} "})
        say({"event": "progress", "job": job, "done": 3, "of": 3, "note": "", "figure": 0.5})
        result(job)
    elif kind == "exit":
        os._exit(3)
    elif kind == "abort":
        os.abort()
    elif kind == "forbidden":
        import ctypes

        ctypes.CDLL(None).unshare(0x10000000)
    elif kind == "input":
        result(job, size=sum(len(b64decode(data)) for data in attached.get(job, [])))
    else:
        say({"event": "failed", "job": job, "rule": "UnknownKind"})


attached: dict[int, list[str]] = {}
while head := read.read(4):
    told = json.loads(read.read(int.from_bytes(head, "big")))
    if told["op"] == "load":
        if told.get("dies"):
            os._exit(1)
        say({"event": "failed", "job": 0, "rule": "BadModel"} if told.get("bad") else {"event": "ready", "engine": {}})
    elif told["op"] == "attach":
        attached.setdefault(told["job"], []).append(told["data"])
    elif told["op"] == "cancel":
        cancelled.add(told["job"])
    elif told["op"] == "clear":
        if not told.get("keeps"):
            kept.clear()
        say({"event": "cleared"})
    elif told["op"] == "run":
        threading.Thread(target=do, args=(told["job"], told["type"], told["parameters"]), daemon=True).start()
os._exit(0)
