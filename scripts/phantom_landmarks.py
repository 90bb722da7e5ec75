#!/usr/bin/env python3
"""Computes the landmarks of the stylised phantoms from their solids and writes them into the files.

usage: scripts/phantom_landmarks.py phantoms/ce-*.toml

What each landmark means is said in src/geometry/landmark.rs. Needs Python 3.11 (tomllib), nothing else.
"""

import math
import re
import sys
import tomllib


def ellipsoid_z(solid):
    """Lowest and highest z of an ellipsoid without frame."""
    z, c = solid["center"][2], solid["axes"][2]
    return z - c, z + c


def orthant_of_ellipsoid_z(solid, signs):
    """Lowest and highest z of the part of a turned ellipsoid whose local x, z have the given signs (0: any).

    Scaled to the unit sphere, z is origin + m.u; over a cone of coordinate half-spaces its largest value is
    |m|, with the components of m that point out of the cone left out.
    """
    m = [solid["frame"]["rows"][i][2] * solid["axes"][i] for i in range(3)]

    def reach(v):
        return math.hypot(*(0.0 if s * x < 0 else x for x, s in zip(v, signs)))

    z = solid["frame"]["origin"][2]
    return z - reach([-x for x in m]), z + reach(m)


def heart_z(solids):
    parts = [("h_lv_o", (1, 0, 0)), ("h_rv_o", (1, 0, -1)), ("h_la1_o", (-1, 0, 1)), ("h_ra_o", (-1, 0, -1))]
    extents = [orthant_of_ellipsoid_z(solids[name], signs) for name, signs in parts]
    return min(low for low, _ in extents), max(high for _, high in extents)


def liver_z(solids):
    """The plane may cut the elliptic cylinder short; it never does in this family."""
    low, high = solids["liver_e"]["z"]
    a, b = solids["liver_e"]["ra"]
    nx, ny, nz = solids["liver_p"]["normal"]
    for z in (low, high):
        assert nz * z - math.hypot(nx * a, ny * b) <= solids["liver_p"]["offset"], "the plane cuts the liver's end"
    return low, high


def landmarks(phantom):
    solids = {solid["id"]: solid for solid in phantom["solid"]}
    brain, thyroid, bladder = ellipsoid_z(solids["brain"]), solids["thyroid_o"]["z"], ellipsoid_z(solids["bladder_out"])
    heart, liver, kidney = heart_z(solids), liver_z(solids), ellipsoid_z(solids["kidney_left_e"])
    trunk, pelvis, sole = solids["trunk_out"]["z"], solids["pelvis_out"]["z"], solids["leg_left_out"]["z"][0]
    found = {
        "vertex": ellipsoid_z(solids["head_top_out"])[1],
        "brain_top": brain[1],
        "brain_bottom": brain[0],
        "chin": solids["face_out"]["z"][0],
        "thyroid_top": thyroid[1],
        "thyroid": 0.5 * sum(thyroid),
        "thyroid_bottom": thyroid[0],
        "shoulder": trunk[1],
        "lung_apex": max(ellipsoid_z(solids[f"lung_{side}_e"])[1] for side in ("left", "right")),
        "heart_top": heart[1],
        "liver_top": liver[1],
        "diaphragm": -solids["lung_z"]["offset"],
        "heart_bottom": heart[0],
        "kidney_top": kidney[1],
        "kidney_bottom": kidney[0],
        "liver_bottom": liver[0],
        "iliac_crest": pelvis[1],
        "bladder_top": bladder[1],
        "symphysis": bladder[0],
        "ischium": pelvis[0],
        "trunk_base": trunk[0],
        "genitalia_bottom": solids["gen_slab"]["range"][0],
        "leg_middle": 0.5 * sole,
        "sole": sole,
    }
    if "lens_left" in solids:
        found["eyes"] = solids["lens_left"]["center"][2]
        found["trachea_bottom"] = solids["airway_tube_wall"]["z"][0]
    return dict(sorted(found.items(), key=lambda item: -item[1]))


def main(paths):
    for path in paths:
        with open(path, encoding="utf-8") as file:
            text = file.read()
        lines = [f"{name} = {z:.4g}" if abs(z) < 10 else f"{name} = {z:.2f}" for name, z in landmarks(tomllib.loads(text)).items()]
        table = "# Heights, cm, computed from the solids by scripts/phantom_landmarks.py.\n[landmarks]\n" + "\n".join(lines) + "\n\n"
        text = re.sub(r"(# Heights, cm, computed[^\n]*\n)?\[landmarks\]\n(.+\n)+\n", "", text)
        text = text.replace("[[material]]", table + "[[material]]", 1)
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)


if __name__ == "__main__":
    main(sys.argv[1:])
