#!/usr/bin/env python3
"""Recompute the Merkle root of a release from its Parquet files alone.

Written from docs/release-format.md; it shares no code with the program that made the release.
Needs Python 3.9 or newer and pyarrow.

    python recompute_root.py RELEASE_FOLDER

Prints the number of rows and the root, and ends 1 if a leaf, a picture or the manifest disagrees.
"""

import hashlib
import heapq
import json
import pathlib
import sys
from decimal import Decimal

import pyarrow.parquet as parquet


def number(value):
    """A number as RFC 8785 writes it: the shortest decimal that reads back, laid out as ECMAScript does."""
    if isinstance(value, int):
        return str(value)
    if value == 0:
        return "0"
    sign, digits, exponent = Decimal(repr(value)).normalize().as_tuple()
    text, point = "".join(map(str, digits)), len(digits) + exponent
    if 0 < point <= 21:
        body = text.ljust(point, "0") if len(text) <= point else text[:point] + "." + text[point:]
    elif -6 < point <= 0:
        body = "0." + "0" * -point + text
    else:
        mantissa = text if len(text) == 1 else text[0] + "." + text[1:]
        body = f"{mantissa}e{'+' if point > 0 else '-'}{abs(point - 1)}"
    return ("-" if sign else "") + body


def canonical(value):
    """RFC 8785 JSON."""
    if value is None or value is True or value is False:
        return {None: "null", True: "true", False: "false"}[value]
    if isinstance(value, (int, float)):
        return number(value)
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=False)
    if isinstance(value, list):
        return "[" + ",".join(map(canonical, value)) + "]"
    names = sorted(value, key=lambda name: name.encode("utf-16-be"))
    return "{" + ",".join(canonical(name) + ":" + canonical(value[name]) for name in names) + "}"


def leaf(row):
    bound = {name: value for name, value in row.items() if name not in ("image", "leaf")}
    digest = hashlib.sha256(canonical(bound).encode("utf-8")).digest()
    return hashlib.sha256(b"\x00" + row["key"].encode("utf-8") + digest).digest()


def leaves(path):
    """(key, leaf) of each row of one file, in its order; a few rows in memory at a time."""
    for batch in parquet.ParquetFile(path).iter_batches(batch_size=64):
        for row in batch.to_pylist():
            computed = leaf(row)
            if computed.hex() != row["leaf"]:
                raise SystemExit(f"{path}: leaf of {row['key']} is {row['leaf']}, its columns give {computed.hex()}")
            image = row["image"]
            if image is not None and hashlib.sha256(image["bytes"]).hexdigest() != row["image_sha256"]:
                raise SystemExit(f"{path}: picture of {row['key']} is not {row['image_sha256']}")
            yield row["key"], computed


def root(ordered):
    """Root of an RFC 6962 tree over leaf hashes: complete subtrees are kept, largest first."""
    peaks, size = [], 0
    for _, node in ordered:
        rest = size
        while rest & 1:
            node = hashlib.sha256(b"\x01" + peaks.pop() + node).digest()
            rest >>= 1
        peaks.append(node)
        size += 1
    if not peaks:
        return 0, hashlib.sha256(b"").digest()
    node = peaks.pop()
    while peaks:
        node = hashlib.sha256(b"\x01" + peaks.pop() + node).digest()
    return size, node


def main():
    folder = pathlib.Path(sys.argv[1])
    files = sorted(folder.glob("data/*/*.parquet"))
    size, computed = root(heapq.merge(*(leaves(path) for path in files), key=lambda entry: entry[0].encode("utf-8")))
    print(size, computed.hex())
    manifest = folder / "manifest.json"
    if manifest.exists():
        tree = json.loads(manifest.read_text(encoding="utf-8"))["tree"]
        if (tree["size"], tree["root"]) != (size, computed.hex()):
            raise SystemExit(f"manifest.json says {tree['size']} {tree['root']}")


if __name__ == "__main__":
    main()
