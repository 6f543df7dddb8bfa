"""Writes the archive beside this file with warcio 1.8.1, in the form of Common Crawl's: `python make-archive.py`.

The tests read the file and need no Python; record ids are drawn anew at each run, so that offsets may move.
"""

import gzip
import io
import json
import pathlib
import struct
import zlib

from warcio.statusandheaders import StatusAndHeaders
from warcio.warcwriter import WARCWriter

SITE = "http://mlyny.example"
TEXT = (
    "Na náměstí stojí stará radnice s věží, ze které je vidět celé údolí. Každou sobotu se tu konají trhy a lidé "
    "přicházejí z okolních vesnic, aby koupili ovoce, zeleninu a čerstvý chléb."
)


def png(seed: int) -> bytes:
    """A picture of 128 x 96 with stripes that no other seed has."""
    width, height = 128, 96

    def pixel(x: int, y: int) -> bytes:
        band = (x * (seed + 2) + y * (seed * 3 + 1)) // 16
        return bytes(((band * 37 + seed * 53) % 256, (band * 91) % 256, (band * 13 + seed) % 256))

    rows = b"".join(b"\0" + b"".join(pixel(x, y) for x in range(width)) for y in range(height))

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(rows, 9)) + chunk(b"IEND", b"")


def html(body: str) -> bytes:
    return f'<!doctype html><html lang="cs"><head><title>Mlýny</title></head><body><p>{TEXT}</p>{body}</body></html>'.encode()


def image(number: int, alt: str) -> str:
    return f'<img src="/{number}.png" alt="{alt}">'


def chunked(payload: bytes) -> bytes:
    parts = [payload[at : at + 300] for at in range(0, len(payload), 300)]
    return b"".join(b"%x\r\n%s\r\n" % (len(part), part) for part in parts) + b"0\r\n\r\n"


class Archive:
    def __init__(self, stream, seconds: int = 0):
        self.writer = WARCWriter(stream, gzip=True, warc_version="1.0")
        self.seconds = seconds
        info = {"software": "a crawler of others", "isPartOf": "CC-MAIN-2024-18", "format": "WARC File Format 1.0"}
        self.writer.write_record(self.writer.create_warcinfo_record("mlyny.warc.gz", info))

    def fields(self, more: dict) -> dict:
        self.seconds += 1
        return {"WARC-Date": f"2024-05-06T07:{self.seconds // 60:02}:{self.seconds % 60:02}Z", "WARC-IP-Address": "192.0.2.7", **more}

    def record(self, url: str, kind: str, payload: bytes, head=None, more=None, content_type=None):
        record = self.writer.create_warc_record(
            url,
            kind,
            payload=io.BytesIO(payload),
            http_headers=head,
            warc_headers_dict=self.fields(more or {}),
            warc_content_type=content_type or "",
        )
        self.writer.write_record(record)
        return record.rec_headers.get_header("WARC-Record-ID")

    def exchange(self, path: str, payload: bytes, headers: list, status="200 OK", more=None):
        """A request, its response, and what the crawler knew of it."""
        url = path if "://" in path else SITE + path
        asked = StatusAndHeaders(f"GET {path} HTTP/1.1", [("Host", "mlyny.example"), ("User-Agent", "CCBot/2.0")], is_http_request=True)
        self.record(url, "request", b"", asked, content_type="application/http; msgtype=request")
        fields = {"WARC-Identified-Payload-Type": dict(headers).get("Content-Type", "").split(";")[0], **(more or {})}
        answer = StatusAndHeaders(status, headers, protocol="HTTP/1.1")
        found = self.record(url, "response", payload, answer, fields, "application/http; msgtype=response")
        self.record(url, "metadata", b"fetchTimeMs: 12\r\ncharset-detected: UTF-8\r\n", content_type="application/warc-fields", more={"WARC-Concurrent-To": found})
        return found

    def page(self, path: str, body: str, headers=(), coding=None, more=None):
        payload, head = html(body), [("Content-Type", "text/html; charset=utf-8"), *headers]
        if coding in ("gzip", "gzip, chunked"):
            payload = gzip.compress(payload, mtime=0)
            head.append(("Content-Encoding", "gzip"))
        if coding in ("chunked", "gzip, chunked"):
            payload = chunked(payload)
            head.append(("Transfer-Encoding", "chunked"))
        return self.exchange(path, payload, head, more=more)


def write(stream) -> None:
    archive = Archive(stream)
    archive.page("/", image(1, "Starý mlýn u řeky na podzim") + '<a href="/most">most</a>', coding="chunked")
    archive.page("/most", image(2, "Kamenný most přes potok pod hradem"), coding="gzip")
    archive.page("/reka", image(3, "Rybář v loďce na klidné hladině"), coding="gzip, chunked")
    archive.page("/soukrome/plan", image(4, "Plán zahrady za starou školou"))
    archive.page("/stare/foto", image(5, "Dvůr statku s kočárem a koňmi"))
    archive.page("/hlavicka", image(6, "Trh na náměstí v sobotu ráno"), headers=[("X-Robots-Tag", "noai")])
    archive.page("/dlouha", image(7, "Les za vesnicí v ranní mlze"), more={"WARC-Truncated": "length"})
    archive.page("/tdm/kniha", image(8, "Rukopis kroniky v městském muzeu"))
    for number in range(1, 9):
        archive.exchange(f"/{number}.png", png(number), [("Content-Type", "image/png")])
    archive.exchange("/styl.css", b"p { margin: 0 }", [("Content-Type", "text/css")])
    archive.exchange("/pryc", b"nic", [("Content-Type", "text/html")], status="404 Not Found")
    archive.exchange("/stary-most", b"", [("Location", "/most")], status="301 Moved Permanently")
    archive.record("dns:mlyny.example", "response", b"20240506070800\nmlyny.example. 600 IN A 192.0.2.7\n", content_type="text/dns")
    revisit = StatusAndHeaders("304 Not Modified", [("ETag", '"1"')], protocol="HTTP/1.1")
    profile = "http://netpreserve.org/warc/1.1/revisit/server-not-modified"
    archive.record(SITE + "/", "revisit", b"", revisit, {"WARC-Profile": profile, "WARC-Refers-To-Target-URI": SITE + "/"}, "application/http; msgtype=response")
    robots = b"User-agent: *\nDisallow: /soukrome/\nContent-Signal: /stare/ ai-train=no\n"
    archive.exchange("/robots.txt", robots, [("Content-Type", "text/plain")])
    tdm = json.dumps([{"location": "/tdm/*", "tdm-reservation": 1}]).encode()
    archive.exchange("/.well-known/tdmrep.json", tdm, [("Content-Type", "application/json")])


with open(pathlib.Path(__file__).parent / "common-crawl.warc.gz", "wb") as file:
    write(file)
