#!/usr/bin/env python3
"""Exports the dose map of a result in every format and reads it back with other programs.

nibabel reads NIfTI, SimpleITK MetaImage, pydicom DICOM RT Dose, VTK the result itself, h5py is the reference. At random
points of the patient, drawn between the centres of voxels, all must find the same dose, the same error and the same
organ in the voxel that holds the point; and the outermost voxels of each grid must end at the same faces.

    pip install numpy h5py nibabel SimpleITK pydicom vtk
    python scripts/check_dose_exports.py target/release/childsize out/result.h5
"""

import csv
import subprocess
import sys
import tempfile
from pathlib import Path

import h5py
import nibabel
import numpy as np
import pydicom
import SimpleITK as sitk
from vtkmodules.util.numpy_support import vtk_to_numpy
from vtkmodules.vtkIOHDF import vtkHDFReader

POINTS = 20_000


def require(claim, sentence):
    if not claim:
        sys.exit(f"check_dose_exports: {sentence}")


class Volume:
    """Values [x, y, z] with an affine to LPS, mm."""

    def __init__(self, values, affine):
        self.values, self.affine = values, affine

    def at(self, points):
        """Values of the voxels that hold points (n, 3)."""
        index = np.linalg.inv(self.affine) @ np.c_[points, np.ones(len(points))].T
        return self.values[tuple(np.rint(index[:3]).astype(int))]

    def faces(self):
        """Lowest and highest face along x, y, z."""
        ends = np.array([[-0.5] * 3 + [1], [n - 0.5 for n in self.values.shape] + [1]]).T
        return np.sort((self.affine @ ends)[:3], axis=1)


def read_hdf5(path):
    with h5py.File(path) as file:
        maps, outside = file["maps"], file["maps/organ_id"].attrs["outside"]
        affine = np.eye(4)
        for row, name in enumerate("xyz"):
            axis = maps[name][:]
            affine[row, row], affine[row, 3] = axis[1] - axis[0], axis[0]
        volume = lambda name: Volume(maps[name][:].transpose(2, 1, 0), affine)
        organs = volume("organ_id")
        organs.values = np.where(organs.values == outside, 0, organs.values.astype(int) + 1)
        return volume("absorbed_dose"), volume("relative_error"), organs, file["organs/id"].asstr()[:]


def read_nifti(path):
    image = nibabel.load(path)
    require(np.allclose(image.get_qform(), image.get_sform(), atol=1e-3), "qform and sform disagree")
    return Volume(np.asarray(image.dataobj), np.diag([-1, -1, 1, 1]) @ image.affine)


def read_itk(path):
    image = sitk.ReadImage(str(path))
    affine = np.eye(4)
    affine[:3, :3] = np.array(image.GetDirection()).reshape(3, 3) * np.array(image.GetSpacing())
    affine[:3, 3] = image.GetOrigin()
    return Volume(sitk.GetArrayFromImage(image).transpose(2, 1, 0), affine)


def read_rt_dose(path):
    """By PS3.3 C.7.6.2.1.1 and C.8.8.3.2; dose in mGy."""
    data = pydicom.dcmread(path)
    require(data.SOPClassUID == pydicom.uid.RTDoseStorage and data.DoseUnits == "GY", "not an RT Dose in Gy")
    require(len(str(data["DoseGridScaling"].value.original_string)) <= 16, "DoseGridScaling has more than 16 letters")
    require(data.FrameIncrementPointer == 0x3004000C, "frames are not stacked by GridFrameOffsetVector")
    offsets = np.array(data.GridFrameOffsetVector, float)
    require(offsets[0] == 0 and np.allclose(np.diff(offsets), offsets[1]), "frames are not evenly spaced from 0")
    affine = np.eye(4)
    affine[:3, 0] = np.array(data.ImageOrientationPatient[:3], float) * float(data.PixelSpacing[1])
    affine[:3, 1] = np.array(data.ImageOrientationPatient[3:], float) * float(data.PixelSpacing[0])
    affine[2, 2] = offsets[1]
    affine[:3, 3] = np.array(data.ImagePositionPatient, float)
    return Volume(1e3 * float(data.DoseGridScaling) * data.pixel_array.transpose(2, 1, 0).astype(float), affine)


def read_vtk(path):
    reader = vtkHDFReader()
    reader.SetFileName(str(path))
    reader.Update()
    image = reader.GetOutput()
    counts = [n - 1 for n in image.GetDimensions()]
    spacing = np.array(image.GetSpacing())
    affine = np.diag([*spacing, 1.0])
    affine[:3, 3] = np.array(image.GetOrigin()) + spacing / 2
    volume = lambda name: Volume(
        vtk_to_numpy(image.GetCellData().GetArray(name)).reshape(counts[::-1]).transpose(2, 1, 0), affine
    )
    organs = volume("organ_id")
    organs.values = np.where(organs.values == 65535, 0, organs.values.astype(int) + 1)
    return volume("absorbed_dose"), volume("relative_error"), organs


def main():
    program, result = sys.argv[1:]
    dose, error, organs, ids = read_hdf5(result)
    faces, random = dose.faces(), np.random.default_rng(1)
    points = faces[:, 0] + random.random((POINTS, 3)) * (faces[:, 1] - faces[:, 0])
    points = points[(np.abs((points - faces[:, 0]) / np.diag(dose.affine)[:3] % 1 - 0.5) < 0.45).all(axis=1)]
    inside = organs.at(points) > 0
    print(f"{len(points)} points, {inside.sum()} in the body, {np.unique(organs.at(points)).size - 1} organs")
    with tempfile.TemporaryDirectory() as folder:
        folder = Path(folder)
        command = [program, "export", result, "-o", folder, "--format", "nifti", "metaimage", "rtdose"]
        subprocess.run(command, check=True, capture_output=True)
        images = lambda read, end: [read(folder / f"{n}{end}") for n in ("dose", "relative_error", "organ_labels")]
        found = {
            "nibabel": images(read_nifti, ".nii.gz"),
            "SimpleITK": images(read_itk, ".mha"),
            "pydicom": [read_rt_dose(folder / "rtdose.dcm"), None, None],
            "VTK": read_vtk(result),
        }
        with open(folder / "organ_labels.csv", newline="") as table:
            names = [row["organ"] for row in csv.DictReader(table)]
        require(names == list(ids), "organ_labels.csv and the result name organs differently")
    largest = dose.values.max()
    for reader, (its_dose, its_error, its_organs) in found.items():
        require(np.allclose(its_dose.faces(), faces, atol=1e-3), f"{reader}: faces {its_dose.faces()} for {faces}")
        off = np.abs(its_dose.at(points) - dose.at(points)).max()
        require(off <= 1e-6 * largest, f"{reader}: doses differ by {off} mGy")
        if its_organs is not None:
            require(np.array_equal(its_error.at(points), error.at(points), equal_nan=True), f"{reader}: errors differ")
            require(np.array_equal(its_organs.at(points), organs.at(points)), f"{reader}: organs differ")
        print(f"{reader}: the same dose to {off / largest:.0e} of the largest, faces to 0.001 mm")


main()
