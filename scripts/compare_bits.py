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


def without_times(lines):
    """What h5diff says, less the attributes that hold times: a line that names one, and one with the number of differences."""
    left, at = [], 0
    while at < len(lines):
        is_time = any(lines[at].startswith(f"attribute: <{name} of ") for name in ("created", "wall_s", "cpu_s"))
        if not is_time:
            left.append(lines[at])
        at += 2 if is_time else 1
    return left


def main(one, other):
    try:
        import h5py  # noqa: F401
    except ImportError:
        if not shutil.which("h5diff"):
            sys.exit("compare_bits: h5py or h5diff is needed")
        paths = ["/summary", "/provenance", "/digests", "/protocol"]
        excluded = [word for path in paths for word in ("--exclude-path", path)]
        told = subprocess.run(["h5diff", *excluded, one, other], capture_output=True, text=True)
        left = without_times((told.stdout + told.stderr).splitlines())
        print(f"compare_bits: by h5diff, {len(left)} lines of differences", *left[:20], sep="\n")
        sys.exit(bool(left) or told.returncode > 1)
    first, second = datasets(one), datasets(other)
    differing = sorted(name for name in first.keys() | second.keys() if first.get(name) != second.get(name))
    print(f"compare_bits: {len(first)} datasets, {len(differing)} differ {' '.join(differing)}")
    sys.exit(bool(differing))


if __name__ == "__main__":
    main(*sys.argv[1:3])
