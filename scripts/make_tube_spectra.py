#!/usr/bin/env python3
"""Makes src/data/tables/tube_spectra.txt: unfiltered tungsten spectra, 50 to 150 kV, anode angle 6 to 14 degrees.

    python3 -m pip install spekpy==2.5.4
    python3 scripts/make_tube_spectra.py

Takes about two minutes. The same versions give the same bytes.

Source: spekpy 2.5.4 (MIT), physics model "casim": G. Poludniowski, A. Omar, R. Bujila, P. Andreo, Med. Phys. 48 (2021)
3630; A. Omar, P. Andreo, G. Poludniowski, Radiat. Phys. Chem. 148 (2018) 73.
"""

import hashlib
import os
import sys

import spekpy

VERSION = "2.5.4"
OUTPUT = os.path.join(os.path.dirname(__file__), "..", "src", "data", "tables", "tube_spectra.txt")

TUBE_VOLTAGES_KV = range(50, 151, 10)
ANODE_ANGLES_DEG = range(6, 15, 2)
BIN_WIDTH_KEV = 0.5
SCALE = 1000.0
VALUES_PER_LINE = 16

HEADER = """\
# X-ray tube spectra of a tungsten anode, 50 to 150 kV, 6 to 14 degrees. Made by scripts/make_tube_spectra.py; do not edit.
# spekpy 2.5.4 (G. Poludniowski, A. Omar, R. Bujila; MIT), physics model "casim": Poludniowski, Omar, Bujila, Andreo,
# Med. Phys. 48 (2021) 3630; Omar, Andreo, Poludniowski, Radiat. Phys. Chem. 148 (2018) 73.
# On the axis, 100 cm from the focal spot, 1 mAs, no filter, no air. Bins of 0.5 keV from 1 keV to the tube voltage.
# Each spectrum: `tube` tube voltage (kV), anode angle (deg);
#   `bremsstrahlung` number of bins, then (photons per cm2 mAs in the bin) E / (tube voltage - E) / 1000, E at the centre;
#   `lines` number of pairs, then bin centre (keV), photons per cm2 mAs in the bin / 1000.
# sha256 of all that follows: {digest}
"""


def spectrum(tube_voltage_kv, anode_angle_deg, **parts):
    """Bin centres and photons per bin of the bremsstrahlung (char=False) or of the lines (brem=False)."""
    tube = spekpy.Spek(
        kvp=tube_voltage_kv, th=anode_angle_deg, dk=BIN_WIDTH_KEV, physics="casim", targ="W", z=100, mas=1, **parts
    )
    return tube.get_spectrum(diff=False)


def short(value):
    """Four significant digits, the exponent without padding."""
    text = f"{value:.4g}"
    if "e" in text:
        mantissa, exponent = text.split("e")
        text = f"{mantissa}e{int(exponent)}"
    return text


def block(name, count, words):
    """One table as text."""
    lines = [f"{name} {count}"]
    lines += [" ".join(words[i : i + VALUES_PER_LINE]) for i in range(0, len(words), VALUES_PER_LINE)]
    return "\n".join(lines) + "\n"


def tube_text(kv, angle):
    """The spectrum of one tube voltage and anode angle."""
    energies, photons = spectrum(kv, angle, char=False)
    shape = [short(n * e / (kv - e) / SCALE) for e, n in zip(energies, photons)]
    energies, photons = spectrum(kv, angle, brem=False)
    lines = [(f"{e:g}", short(n / SCALE)) for e, n in zip(energies, photons) if n > 0]
    words = [word for pair in lines for word in pair]
    return f"tube {kv} {angle}\n" + block("bremsstrahlung", len(shape), shape) + block("lines", len(lines), words)


def main():
    if spekpy.__version__ != VERSION:
        sys.exit(f"spekpy must be {VERSION}, found {spekpy.__version__}")
    body = "".join(tube_text(kv, angle) for kv in TUBE_VOLTAGES_KV for angle in ANODE_ANGLES_DEG)
    text = HEADER.replace("{digest}", hashlib.sha256(body.encode()).hexdigest()) + body
    with open(OUTPUT, "w", encoding="ascii", newline="\n") as file:
        file.write(text)
    print(f"{os.path.normpath(OUTPUT)}: {len(text)} bytes")


if __name__ == "__main__":
    main()
