"""Peer of bench/near-pairs.ts: all pairs within a Hamming distance by FAISS IndexBinaryFlat.range_search.

    python bench/peers/faiss_flat.py [hashes=100000] [threshold=31] [threads=1]

Needs faiss-cpu and numpy. Prints one JSON line.
"""

import json
import resource
import sys
import time

import faiss
import numpy as np

PLANTED = 1_000
BATCH = 4_096


def main() -> None:
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 100_000
    threshold = int(sys.argv[2]) if len(sys.argv) > 2 else 31
    faiss.omp_set_num_threads(int(sys.argv[3]) if len(sys.argv) > 3 else 1)

    hashes = np.random.default_rng(1).integers(0, 256, size=(count, 32), dtype=np.uint8)
    for pair in range(PLANTED):
        item = 2 * pair
        hashes[item + 1] = hashes[item]
        for turn in range(pair % (threshold + 1)):
            bit = (item * 7 + turn * 37) % 256
            hashes[item + 1, bit >> 3] ^= 1 << (bit & 7)

    start, cpu = time.perf_counter(), time.process_time()
    index = faiss.IndexBinaryFlat(256)
    index.add(hashes)
    planted = others = 0
    for begin in range(0, count, BATCH):
        # range_search gives distances below the radius, so the threshold itself needs one more.
        limits, _, labels = index.range_search(hashes[begin : begin + BATCH], threshold + 1)
        for query in range(len(limits) - 1):
            first = begin + query
            for second in labels[limits[query] : limits[query + 1]]:
                if second <= first:
                    continue
                if first < 2 * PLANTED and first % 2 == 0 and second == first + 1:
                    planted += 1
                else:
                    others += 1
    print(
        json.dumps(
            {
                "tool": f"faiss {faiss.__version__} IndexBinaryFlat",
                "hashes": count,
                "threshold": threshold,
                "seconds": round(time.perf_counter() - start, 3),
                "cpu_seconds": round(time.process_time() - cpu, 3),
                "peak_mib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
                "planted_found": f"{planted} of {PLANTED}",
                "other_pairs": others,
            }
        )
    )


main()
