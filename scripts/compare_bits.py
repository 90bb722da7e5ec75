#!/usr/bin/env python3
"""Compares two results to the bit: every dataset but the digests, summary and protocol less times and threads. Needs h5py, else h5diff of hdf5-tools."""

import json
import shutil
import subprocess
import sys

TIMES = {"wall_s", "cpu_s", "histories_per_cpu_s", "created", "threads", "command_line"}


def timeless(value):
    if isinstance(value, dict):
        return {key: timeless(item) for key, item in value.items() if key not in TIMES}
    if isinstance(value, list):
        return [timeless(item) for item in value]
    return value


def datasets(path):
    import h5py

    found = {}

    def visit(name, item):
        if not isinstance(item, h5py.Dataset):
            return
        if name.startswith("digests/"):  # Of times, too.
            return
        if name in ("summary/json", "protocol/resolved_json"):
            found[name] = json.dumps(timeless(json.loads(item[()])))
        elif item.dtype.kind == "O":
            found[name] = repr(item[()] if item.shape == () else list(item[...]))
        else:
            found[name] = (str(item.dtype), item.shape, item[...].tobytes())

    with h5py.File(path) as file:
        file.visititems(visit)
    return found


def main(one, other):
    try:
        import h5py  # noqa: F401
    except ImportError:
        if not shutil.which("h5diff"):
            sys.exit("compare_bits: h5py or h5diff is needed")
        paths = ["/summary", "/provenance", "/digests", "/protocol"]
        excluded = [word for path in paths for word in ("--exclude-path", path)]
        sys.exit(subprocess.call(["h5diff", *excluded, one, other]))
    first, second = datasets(one), datasets(other)
    differing = sorted(name for name in first.keys() | second.keys() if first.get(name) != second.get(name))
    print(f"compare_bits: {len(first)} datasets, {len(differing)} differ {' '.join(differing)}")
    sys.exit(bool(differing))


if __name__ == "__main__":
    main(*sys.argv[1:3])
