#!/usr/bin/env python3
"""Exports a phantom in every format, reads it back with other programs, and checks where its organs lie.

nibabel reads the NIfTI file, SimpleITK the MetaImage files, a few lines of Python each the egsphant and .vox files.
In all of them the liver must lie on the patient's right, the heart and the spleen on the left, the spine behind and
the brain on top; every organ must have the same number of voxels; files by material must have the same density in
every voxel; and organs must weigh what `childsize phantoms masses` says.

    pip install numpy nibabel SimpleITK
    python scripts/check_exports.py target/release/childsize
"""

import csv
import gzip
import subprocess
import sys
import tempfile
from pathlib import Path

import nibabel
import numpy as np
import SimpleITK as sitk

PHANTOM, VOXEL_MM = "ce-05y", "4"


def require(claim, sentence):
    if not claim:
        sys.exit(f"check_exports: {sentence}")


def childsize(program, *arguments):
    return subprocess.run([program, "phantoms", *arguments], check=True, capture_output=True, text=True).stdout


def export(program, form, path, *more):
    childsize(program, "export", PHANTOM, "--voxel-mm", VOXEL_MM, "--format", form, "-o", str(path), *more)
    stem = path.name.removesuffix(".gz").rsplit(".", 1)[0]
    with open(path.with_name(f"{stem}.csv"), newline="") as table:
        return {int(row["label"]): row for row in csv.DictReader(table)}


def read_nifti(path):
    """Labels [x, y, z] and their LPS affine, mm."""
    image = nibabel.load(path)
    require(np.allclose(image.get_qform(), image.get_sform(), atol=1e-3), "qform and sform disagree")
    require(image.header.get_xyzt_units()[0] == "mm", "NIfTI unit is not mm")
    return np.asarray(image.dataobj), np.diag([-1, -1, 1, 1]) @ image.affine, None


def read_itk(path):
    image = sitk.ReadImage(str(path))
    affine = np.eye(4)
    affine[:3, :3] = np.array(image.GetDirection()).reshape(3, 3) * np.array(image.GetSpacing())
    affine[:3, 3] = image.GetOrigin()
    return sitk.GetArrayFromImage(image).transpose(2, 1, 0), affine, None


def read_egsphant(path):
    """By EGSnrc's own description: media, dummies, counts, bounds, codes, densities; x fastest."""
    codes = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
    lines = iter(gzip.open(path, "rt") if path.suffix == ".gz" else open(path))
    media = int(next(lines))
    names = [next(lines).strip() for _ in range(media)]
    next(lines)
    counts = [int(n) for n in next(lines).split()]
    bounds = [np.array(next(lines).split(), float) for _ in range(3)]
    rows = [line.strip() for line in lines if line.strip()]
    planes = counts[1] * counts[2]
    labels = np.array([[codes.index(c) for c in row] for row in rows[:planes]])
    density = np.array([row.split() for row in rows[planes:]], float)
    require(len(names) == media and labels.shape == (planes, counts[0]), "the egsphant has another shape")
    affine = np.diag([*(10 * (b[1] - b[0]) for b in bounds), 1.0])
    affine[:3, 3] = [5 * (b[0] + b[1]) for b in bounds]
    cube = lambda a: a.reshape(counts[2], counts[1], counts[0]).transpose(2, 1, 0)
    return cube(labels), affine, cube(density)


def read_vox(path):
    """By penEasy's own description: a header, then material and density per line; x fastest; the corner is 0."""
    lines = (gzip.open(path, "rt") if path.suffix == ".gz" else open(path)).read().splitlines()
    counts = [int(n) for n in lines[1].split()[:3]]
    edges = np.array(lines[2].split()[:3], float) * 10
    end = next(i for i, line in enumerate(lines) if line.startswith("[END OF VXH"))
    body = np.array([line.split() for line in lines[end + 1 :] if line.strip()], float)
    affine = np.diag([*edges, 1.0])
    affine[:3, 3] = edges / 2
    cube = lambda a: a.reshape(counts[2], counts[1], counts[0]).transpose(2, 1, 0)
    return cube(body[:, 0].astype(int)), affine, cube(body[:, 1])


def organs(labels, affine, table):
    """Voxels of every organ, and the middle of each, LPS mm."""
    voxels, middles = {}, {}
    for organ in {row["organ"] for row in table.values()} - {""}:
        own = [label for label, row in table.items() if row["organ"] == organ]
        places = np.argwhere(np.isin(labels, own))
        voxels[organ] = len(places)
        if len(places):
            middles[organ] = affine[:3, :3] @ places.mean(axis=0) + affine[:3, 3]
    return voxels, middles


def check_places(name, middles, axis):
    x = {organ: middles[organ][0] - axis[0] for organ in middles}
    y = {organ: middles[organ][1] - axis[1] for organ in middles}
    require(x["liver"] < -10, f"{name}: the liver is not on the patient's right")
    require(x["heart_wall"] > 3 and x["spleen"] > 20 and x["stomach_wall"] > 20, f"{name}: heart, spleen or stomach not left")
    require(y["skeleton_spine_middle"] > 20 and y["eye_lens"] < -20, f"{name}: front and back are exchanged")
    require(middles["brain"][2] > middles["liver"][2] + 200, f"{name}: the brain is not on top")


def mass_g(labels, affine, table, density):
    volume_cm3 = abs(np.linalg.det(affine[:3, :3])) / 1000
    masses = {}
    for label, row in table.items():
        own = labels == label
        grams = density[own].sum() if density is not None else own.sum() * float(row["density_g_cm3"])
        masses[row["organ"]] = masses.get(row["organ"], 0.0) + grams * volume_cm3
    return masses


def stated_masses(program):
    lines = childsize(program, "masses", PHANTOM, "--voxel-mm", VOXEL_MM).splitlines()
    words = [line.split() for line in lines[1:]]
    return {word[0]: float(word[1]) for word in words[: [not word for word in words].index(True)]}


def main():
    program = str(Path(sys.argv[1]).resolve())
    stated = stated_masses(program)
    files = [
        ("nifti", "a.nii.gz", read_nifti, []),
        ("mhd", "b.mha", read_itk, []),
        ("mhd", "c.mhd", read_itk, []),
        ("egsphant", "d.egsphant.gz", read_egsphant, ["--by", "region"]),
        ("vox", "e.vox.gz", read_vox, ["--by", "region"]),
        ("egsphant", "f.egsphant", read_egsphant, ["--by", "material"]),
        ("vox", "g.vox", read_vox, ["--by", "material"]),
    ]
    counted, densities, body_g = None, None, sum(stated.values())
    with tempfile.TemporaryDirectory() as folder:
        for form, name, read, more in files:
            path = Path(folder) / name
            try:
                table = export(program, form, path, *more)
            except subprocess.CalledProcessError as error:
                require("at most 61 media" in error.stderr, error.stderr)
                print(f"{name:14} refused as it should be: {error.stderr.splitlines()[0]}")
                continue
            labels, affine, density = read(path)
            weighed = mass_g(labels, affine, table, density)
            total = sum(grams for organ, grams in weighed.items() if organ)
            if "material" in more:
                require(abs(total / body_g - 1) < 0.002, f"{name}: the body weighs {total} g, not {body_g} g")
                require(np.allclose(density, densities, rtol=1e-5), f"{name}: another density than in the first file")
                print(f"{name:14} {total / 1000:.3f} kg, every voxel has the density it has in the first file")
                continue
            voxels, middles = organs(labels, affine, table)
            axis = (0.0, 0.0) if name[0] != "e" else affine[:2, :2].diagonal() * labels.shape[:2] / 2
            check_places(name, middles, axis)
            if counted is None:
                counted = voxels
                known = np.array([float(table[label]["density_g_cm3"]) for label in range(1 + max(table))])
                densities = known[labels]
            require(voxels == counted, f"{name}: other numbers of voxels than in the first file")
            require(set(stated) == set(voxels), f"{name}: other organs than `phantoms masses`")
            for organ, grams in stated.items():
                require(abs(weighed[organ] - grams) <= 1e-3 * grams, f"{name}: {organ} {weighed[organ]} g, not {grams} g")
            print(f"{name:14} {len(voxels)} organs, {sum(voxels.values())} voxels, liver x {middles['liver'][0] - axis[0]:.1f} mm, "
                  f"heart x {middles['heart_wall'][0] - axis[0]:+.1f} mm, {total / 1000:.3f} kg")
    print("every file has its organs in place, with the voxels and masses of `phantoms masses`")


main()
