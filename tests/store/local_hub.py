"""A hub of this machine, as far as `huggingface_hub` speaks to it to send and fetch a model.

It keeps what a hub keeps: files by path as they were committed, large ones by their SHA-256. What a
hub refuses it refuses: no token, no such repository, a commit of a large file that was not sent.
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import cast

import yaml

TOKEN = "hf_of_this_test"
REPO = "someone/flows"


class Hub(BaseHTTPRequestHandler):
    """The routes, each with the regular expression of its path."""

    files: dict[str, bytes]
    objects: dict[str, bytes]
    commits: list[str]
    full: bool
    protocol_version = "HTTP/1.1"

    @property
    def port(self) -> int:
        return cast("ThreadingHTTPServer", self.server).server_port

    def do_GET(self):
        path, _, _ = self.path.partition("?")
        if not path.removeprefix("/api/models").startswith(f"/{REPO}"):
            return self.refuse(404, "RepoNotFound")
        if found := re.fullmatch(rf"/{REPO}/resolve/main/(.+)", path):
            body = self.files.get(found[1])
            return self.refuse(404, "EntryNotFound") if body is None else self.send(body)
        if re.fullmatch(rf"/api/models/{REPO}/tree/main(/.*)?", path):
            return self.send([self.entry(p) for p in sorted(self.files)])
        return self.send({"id": REPO, "sha": "0" * 40, "private": True, "siblings": []})

    do_HEAD = do_GET

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if self.headers["Authorization"] != f"Bearer {TOKEN}":
            return self.refuse(401, "Unauthorized")
        if self.path.startswith(f"/api/models/{REPO}/preupload/main"):
            return self.send({"files": [
                {"path": f["path"], "shouldIgnore": False,
                 "uploadMode": "lfs" if f["path"].endswith(".safetensors") else "regular"}
                for f in json.loads(body)["files"]
            ]})  # fmt: skip
        if self.path == f"/{REPO}.git/info/lfs/objects/batch":
            href = f"http://127.0.0.1:{self.port}/objects/"
            return self.send({"transfer": "basic", "objects": [
                {**o, "actions": {"upload": {"href": href + o["oid"]}}}
                for o in json.loads(body)["objects"]
            ]})  # fmt: skip
        if self.path == "/api/validate-yaml":
            head = json.loads(body)["content"].split("---\n")[1]
            return self.send({"errors": [], "warnings": [], "read": yaml.safe_load(head)})
        if self.path.startswith(f"/api/models/{REPO}/paths-info/main"):
            asked = json.loads(body)["paths"]
            return self.send([self.entry(p) for p in asked if p in self.files])
        if self.path.startswith(f"/api/models/{REPO}/commit/main"):
            return self.commit([json.loads(line) for line in body.splitlines()])
        return self.refuse(404, "NotFound")

    def do_PUT(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if self.full:
            return self.refuse(403, "StorageFull")
        oid = self.path.rpartition("/")[2]
        if hashlib.sha256(body).hexdigest() != oid:
            return self.refuse(400, "BadDigest")
        self.objects[oid] = body
        return self.send({})

    def commit(self, lines):
        """All of it or nothing."""
        new = dict(self.files)
        for line in lines:
            value = line["value"]
            match line["key"]:
                case "file":
                    new[value["path"]] = base64.b64decode(value["content"])
                case "lfsFile":
                    if value["oid"] not in self.objects:
                        return self.refuse(400, "ObjectNotFound")
                    new[value["path"]] = self.objects[value["oid"]]
                case "deletedFile":
                    del new[value["path"]]
        self.files.clear()
        self.files.update(new)
        self.commits.append(", ".join(x["value"]["path"] for x in lines if "path" in x["value"]))
        where = f"http://127.0.0.1:{self.port}/{REPO}/commit/{'0' * 40}"
        return self.send({"success": True, "commitOid": "0" * 40, "commitUrl": where})

    def entry(self, path):
        """A file as a listing has it."""
        body = self.files[path]
        return {"type": "file", "path": path, "size": len(body),
                "oid": hashlib.sha1(body).hexdigest()}  # fmt: skip

    def send(self, body, status=200, **headers):
        """An answer: bytes as they are, or JSON."""
        plain = isinstance(body, bytes)
        data = body if plain else json.dumps(body).encode()
        self.send_response(status)
        self.send_header(
            "Content-Type", "application/octet-stream" if plain else "application/json"
        )
        self.send_header("Content-Length", str(len(data)))
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(data)

    def refuse(self, status, code):
        """As a hub says it."""
        self.send({"error": code}, status, X_Error_Code=code, X_Error_Message=code)

    def log_message(self, format, *args):
        pass


@contextmanager
def hub():
    """The hub, and its address."""
    kept = type("Kept", (Hub,), {"files": {}, "objects": {}, "commits": [], "full": False})
    with ThreadingHTTPServer(("127.0.0.1", 0), kept) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield kept, f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
