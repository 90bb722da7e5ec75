#!/usr/bin/env python3
"""Measures how the cost of a run grows with voxels, threads and phantoms: CPU time, peak memory, size of the result.

usage: scripts/measure_scaling.py CHILDSIZE [--csv FILE] [--svg FILE] [--histories N] [--voxel-mm MM ...]

CHILDSIZE is the program (a release build). CPU time is that of the process, so that others on the machine matter little.
Needs Python 3.9 and a Unix, nothing else.
"""

import argparse
import csv
import json
import math
import os
import pathlib
import subprocess
import sys
import tempfile

PROTOCOL = """[phantom]
{phantom}
[scanner]
model = "generic-64"
[[acquisition]]
phase = "{name}"
mode = "helical"
tube_voltage_kv = 100
tube_current_ma = 100
rotation_time_s = 0.5
total_collimation_mm = 40
pitch = 1
range = {range}
[output]
formats = ["hdf5", "json"]
"""
CHILD = 'id = "ce-05y"\nvoxel_mm = {mm}'
CYLINDER = 'cylinder = {{ width_mm = 200, height_mm = 160, length_mm = 600, material = "water" }}\nvoxel_mm = {mm}'
CHEST = '{ top = "lung_apex+10mm", bottom = "diaphragm-10mm" }'
MIDDLE = '{ top = "centre+75mm", bottom = "centre-75mm" }'
COLUMNS = ["case", "voxel_mm", "map", "threads", "voxels", "histories", "simulation_cpu_s", "process_cpu_s",
           "histories_per_cpu_s", "peak_mb", "result_mb"]


def run(program, case, phantom, scan, mm, has_map, threads, histories):
    """One run: a row of COLUMNS."""
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        protocol = folder / "a.toml"
        protocol.write_text(PROTOCOL.format(phantom=phantom.format(mm=mm), name=case, range=scan))
        command = [program, "run", str(protocol), "-o", str(folder / "out"), "--histories", str(histories),
                   "--threads", str(threads), "--progress", "none"]
        if not has_map:
            command.append("--no-map")
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        out = process.stdout.read()
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode != 0:
            print(f"{case} at {mm} mm: exit code {process.returncode}", file=sys.stderr)
            return None
        summary = json.loads((folder / "out/summary.json").read_text())
        simulation_s = summary["cpu_s"]
        # The head of the run tells the grid: 131 x 111 x 550.
        words = out.split("\n", 1)[0].replace(" x ", "x").split()
        grid = next((word for word in words if word.count("x") == 2), "0x0x0")
        return dict(zip(COLUMNS, [
            case, mm, int(has_map), threads, math.prod(int(n) for n in grid.split("x")), summary["histories"],
            round(simulation_s, 3), round(usage.ru_utime + usage.ru_stime, 3),
            round(summary["histories"] / simulation_s), round(usage.ru_maxrss / 1024),
            round((folder / "out/result.h5").stat().st_size / 1e6, 2)]))


def svg(rows):
    """Histories per CPU second and peak memory against voxels, both logarithmic."""
    width, height, left = 420, 300, 60
    panels = [("histories per CPU s", "histories_per_cpu_s"), ("peak memory, MB", "peak_mb")]
    text = [f'<svg xmlns="http://www.w3.org/2000/svg" width="{2 * width}" height="{height + 20}" '
            'font-family="sans-serif" font-size="11">']
    for panel, (title, column) in enumerate(panels):
        values = [row[column] for row in rows]
        low, high = math.floor(math.log10(min(values))), math.ceil(math.log10(max(values)))
        first = math.floor(math.log10(min(row["voxels"] for row in rows)))
        last = math.ceil(math.log10(max(row["voxels"] for row in rows)))

        def place(voxels, value):
            x = panel * width + left + (math.log10(voxels) - first) / (last - first) * (width - left - 20)
            return x, height - 30 - (math.log10(value) - low) / (high - low) * (height - 70)

        text.append(f'<text x="{panel * width + left}" y="20">{title} against voxels</text>')
        for decade in range(low, high + 1):
            x, y = place(10 ** first, 10 ** decade)
            text.append(f'<path d="M{x:.0f} {y:.0f}h{width - left - 20}" stroke="#ddd"/>'
                        f'<text x="{x - 6:.0f}" y="{y + 4:.0f}" text-anchor="end">1e{decade}</text>')
        for decade in range(first, last + 1):
            x, y = place(10 ** decade, 10 ** low)
            text.append(f'<text x="{x:.0f}" y="{y + 16:.0f}" text-anchor="middle">1e{decade}</text>')
        for has_map, colour in [(0, "#0072b2"), (1, "#d55e00")]:
            for row in rows:
                if row["map"] == has_map:
                    x, y = place(row["voxels"], row[column])
                    text.append(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3.5" fill="{colour}"/>')
    text.append(f'<text x="{left}" y="{height + 12}"><tspan fill="#0072b2">organs only</tspan> '
                '<tspan fill="#d55e00">with a dose map</tspan></text></svg>\n')
    return "\n".join(text)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("program")
    parser.add_argument("--csv", default="scaling.csv")
    parser.add_argument("--svg", default="scaling.svg")
    parser.add_argument("--histories", type=int, default=200_000)
    parser.add_argument("--voxel-mm", type=float, nargs="+", default=[4, 2, 1, 0.7, 0.55])
    arguments = parser.parse_args()
    cases = [("cylinder", CYLINDER, MIDDLE, 2, False, 1), ("ce-05y", CHILD, CHEST, 2, False, 2)]
    cases += [("ce-05y", CHILD, CHEST, mm, has_map, 1) for mm in arguments.voxel_mm
              for has_map in ([False, True] if mm >= 1 else [False])]
    rows = []
    with open(arguments.csv, "w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, COLUMNS)
        writer.writeheader()
        for case in cases:
            row = run(arguments.program, *case, arguments.histories)
            if row:
                rows.append(row)
                writer.writerow(row)
                file.flush()
                print(*row.values())
    child = [row for row in rows if row["case"] != "cylinder"]
    pathlib.Path(arguments.svg).write_text(svg(child), encoding="utf-8")


if __name__ == "__main__":
    main()
