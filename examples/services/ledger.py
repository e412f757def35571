"""A small database server of the standard library: numbers in SQLite, over HTTP.

``POST /NUMBER`` is answered when the number is committed; ``GET /`` gives all of them. Much faster
to start than ChromaDB, and as careful with its files.
"""

from __future__ import annotations

import json
import os
import sqlite3
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path


class Server(ThreadingHTTPServer):
    """The server of one file."""

    daemon_threads = True
    allow_reuse_address = True

    def __init__(self, port: int, data: Path) -> None:
        super().__init__(("127.0.0.1", port), Exchange)
        self.lock = threading.Lock()
        self.database = sqlite3.connect(data / "ledger.sqlite", check_same_thread=False)
        self.database.execute("pragma journal_mode=wal")
        self.database.execute("create table if not exists ledger (number integer)")
        self.database.commit()


class Exchange(BaseHTTPRequestHandler):
    """One connection."""

    server: Server
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        """Give all numbers, or wait for a while."""
        if self.path == "/exit":
            os._exit(7)
        with self.server.lock:
            rows = self.server.database.execute("select number from ledger order by rowid")
            self.reply([number for (number,) in rows])

    def do_POST(self) -> None:
        """Keep a number."""
        with self.server.lock:
            self.server.database.execute("insert into ledger values (?)", (int(self.path[1:]),))
            self.server.database.commit()
        self.reply("kept")

    def reply(self, document: object) -> None:
        """Send an answer."""
        content = json.dumps(document).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base's name
        """Say nothing."""


if __name__ == "__main__":
    Server(int(sys.argv[1]), Path(sys.argv[2])).serve_forever()
