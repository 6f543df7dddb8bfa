#!/usr/bin/env python3
"""Follow one sample's trace on disk: from the archived page that holds its text to its row.

Written from docs/cli.md; it shares no code with the program that made the release. Needs Python 3.9 or newer.

    ./mella sample trace KEY --json | python3 follow_trace.py STORE

STORE is the folder of the object store (`MELLA_HOME/store/objects`). Prints a line for each step that holds and ends
0; prints the first that does not and ends 1.
"""

import base64
import gzip
import hashlib
import html
import json
import pathlib
import re
import sys
import unicodedata
import zlib

STORE = pathlib.Path()


class Broken(Exception):
    pass


def check(holds, what):
    if not holds:
        raise Broken(what)
    print(f"ok  {what}")


def path_of(digest):
    if not re.fullmatch("[0-9a-f]{64}", digest):
        raise Broken(f"{digest!r} names no object")
    return STORE / digest[:2] / digest[2:4] / digest


def read_object(digest):
    path = path_of(digest)
    if not path.is_file():
        raise Broken(f"object {digest} is not in the store")
    data = path.read_bytes()
    if hashlib.sha256(data).hexdigest() != digest:
        raise Broken(f"object {digest} holds other bytes than its name says")
    return data


def plain(text):
    return " ".join(unicodedata.normalize("NFC", text).split())


def fields_of(head):
    pairs = (line.split(":", 1) for line in head.split("\r\n")[1:] if ":" in line)
    return {name.strip().lower(): value.strip() for name, value in pairs}


def digest_holds(written, data):
    algorithm, _, value = written.partition(":")
    digest = hashlib.new(algorithm, data).digest()
    return value.lower() == digest.hex() or value.upper() == base64.b32encode(digest).decode()


def read_record(place):
    """The WARC record at (segment, offset, length): its fields, the HTTP fields and the body."""
    data = read_object(place["segment"])[place["offset"] : place["offset"] + place["length"]]
    head, _, rest = gzip.decompress(data).partition(b"\r\n\r\n")
    fields = fields_of(head.decode("utf-8"))
    block = rest[: int(fields["content-length"])]
    if not digest_holds(fields["warc-block-digest"], block):
        raise Broken(f"record at {place['offset']} of {place['segment']} differs from its digest")
    http_head, _, body = block.partition(b"\r\n\r\n")
    http = fields_of(http_head.decode("latin-1"))
    coding = http.get("content-encoding", "identity").lower()
    if coding in ("gzip", "x-gzip"):
        body = gzip.decompress(body)
    elif coding == "deflate":
        # Servers send it with and without zlib's own head.
        body = zlib.decompress(body, zlib.MAX_WBITS if body[:1] == b"x" else -zlib.MAX_WBITS)
    elif coding not in ("", "identity"):
        raise Broken(f"content coding {coding} needs more than Python's standard library")
    return fields, http, body


def follow_capture(capture, what):
    place = capture["warc"]
    if place is None:
        raise Broken(f"{what} {capture['url']} is not archived")
    fields, http, body = read_record(place)
    check(fields["warc-target-uri"].strip("<>") == capture["url"], f"{what} {capture['url']} is archived")
    check(digest_holds(capture["payload_digest"], body), "  its body has the digest of the capture")
    return http, body


def texts_of(http, body):
    """What a page says, in the forms in which a text may stand in its markup."""
    declared = re.search(r"charset=\"?([\w-]+)", http.get("content-type", ""), re.I)
    inside = re.search(rb"charset=[\"']?([\w-]+)", body[:4096], re.I)
    name = declared.group(1) if declared else inside.group(1).decode() if inside else "utf-8"
    source = body.decode(name, errors="replace")
    loose = re.sub(r"<[^<>]*>", "", source)
    spaced = re.sub(r"<[^<>]*>", " ", source)
    unescaped = re.sub(r"\\u([0-9a-fA-F]{4})", lambda found: chr(int(found.group(1), 16)), source)
    return [plain(html.unescape(text)) for text in (source, loose, spaced, unescaped)]


def strings_of(value):
    if isinstance(value, str):
        yield value
        try:
            inner = json.loads(value)
        except ValueError:
            return
        if isinstance(inner, (dict, list)):
            yield from strings_of(inner)
    elif isinstance(value, dict):
        for inner in value.values():
            yield from strings_of(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from strings_of(inner)


def comes_from(text, answer):
    """Checks may take words out of an answer and put none in."""
    words = iter(plain(answer).split())
    return all(word in words for word in plain(text).split())


def follow_pages(trace):
    native = []
    for page in trace["pages"]:
        http, body = follow_capture(page, "page")
        said = texts_of(http, body)
        for candidate in page["candidates"]:
            kept = [text["text"] for text in candidate["texts"] if text["reason"] is None]
            for text in kept:
                check(any(plain(text) in one for one in said), f"  the record holds the text {text!r}")
            native += kept
    return native


def follow_pictures(trace):
    for picture in trace["pictures"]:
        _, body = follow_capture(picture, "picture")
        check(body == read_object(picture["picture"]), f"  its bytes are object {picture['picture']}")
    facts = {fact["step"]: fact["value"] for fact in trace["facts"]}
    normalised = facts["normalise"]
    if not normalised["ok"]:
        print(f"ok  not released: {normalised['reason']}")
        return None
    released = normalised["released"]["sha256"]
    read_object(released)
    print(f"ok  released as object {released}")
    return released


def follow_generation(generation, released):
    task = generation["task"]
    for call in generation["calls"]:
        request = json.loads(read_object(call["request"]))
        check(request["task"] == task, f"{task} request {call['request']}")
        for part in (part for message in request["messages"] for part in message["parts"]):
            if part["type"] == "image":
                check(part["sha256"] == released, "  it shows the released picture")
        prompt = request["prompt"] or {}
        for named in filter(None, (prompt, prompt.get("notes"), request["schema"])):
            read_object(named["sha256"])
        if call["response"] is None:
            raise Broken(f"request {call['request']} has no response")
    if not generation["calls"]:
        return None
    last = generation["calls"][-1]["response"]
    answer = json.loads(read_object(last))
    check(any(comes_from(generation["text"], one) for one in strings_of(answer)), f"  response {last} says the text")
    return generation["text"] if generation["reason"] is None else None


def follow_row(trace, native, released, generated):
    place = trace["row"]
    if place is None:
        print("ok  no row: the sample was dropped")
        return
    lines = read_object(place["artifact"]).decode("utf-8").split("\n")
    stored = [line.split(" ", 1)[1] for line in lines if f'"key":"{trace["key"]}"' in line]
    check(len(stored) == 1, f"object {place['artifact']} holds the row")
    digest = hashlib.sha256(stored[0].encode("utf-8")).digest()
    leaf = hashlib.sha256(b"\x00" + trace["key"].encode("utf-8") + digest).hexdigest()
    check(leaf == place["leaf"], f"  its leaf is {leaf}")
    row = json.loads(stored[0])
    check(row["alt_text"] == (native[0] if native else None), "  its alt_text is the first native text")
    check(row["image_sha256"] == released, "  its picture is the released one")
    columns = {"caption": "caption_pivot", "translate": "caption_ling", "thick": "caption_thick"}
    for task, column in columns.items():
        check(row[column] == generated.get(task), f"  its {column} is what the recorded calls led to")


def follow(trace):
    for named in trace["objects"]:
        read_object(named["sha256"])
    print(f"ok  {len(trace['objects'])} objects open")
    for step, definition in trace["definitions"].items():
        body = json.loads(read_object(definition["sha256"]))
        if (body["step"], body["rev"]) != (step, definition["rev"]):
            raise Broken(f"object {definition['sha256']} is no definition of {step}")
    print(f"ok  {len(trace['definitions'])} definitions open")
    native = follow_pages(trace)
    released = follow_pictures(trace)
    generated = {one["task"]: follow_generation(one, released) for one in trace["generations"]}
    follow_row(trace, native, released, generated)


def main():
    global STORE
    if len(sys.argv) != 2 or sys.argv[1].startswith("-"):
        print(__doc__.strip(), file=sys.stderr)
        return 2
    STORE = pathlib.Path(sys.argv[1])
    try:
        follow(json.load(sys.stdin))
    except Broken as broken:
        print(f"BAD {broken}")
        return 1
    except (KeyError, TypeError, ValueError, EOFError, zlib.error) as error:
        print(f"BAD not a trace, or an object is not what it should be: {error!r}")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
