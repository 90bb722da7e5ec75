"""Writes tests/data/import: one small asymmetric phantom, by programs other than childsize.

Needs numpy, nibabel, SimpleITK and pynrrd. Every corner of the phantom has a label of its own, so that a flip or a
permutation of axes shows. Usage: python scripts/make_import_samples.py
"""

from pathlib import Path

import nibabel
import nrrd
import numpy as np
import SimpleITK as sitk

HERE = Path(__file__).resolve().parent.parent / "tests" / "data" / "import"
COUNTS = (7, 6, 5)  # x to the left, y to the back, z to the head
EDGES = np.array([2.0, 3.0, 4.0])  # mm
FIRST = np.array([-10.0, 20.0, -30.0])  # centre of the first voxel, LPS, mm


def labels():
    """Array [x, y, z]: 1 to 8 in the corners, 9 between them, 0 (outside) in the middle."""
    found = np.full(COUNTS, 9, np.uint8)
    for corner in range(8):
        low = [corner & 1, corner >> 1 & 1, corner >> 2 & 1]
        place = tuple(slice(-2, None) if high else slice(0, 2) for high in low)
        found[place] = corner + 1
    found[3, 3, 2] = 0
    return found


def lps_affine():
    affine = np.diag([*EDGES, 1.0])
    affine[:3, 3] = FIRST
    return affine


def oriented(order, flips):
    """The array and its LPS affine with axes permuted, then flipped: the same phantom, stored otherwise."""
    array, affine = labels(), lps_affine()
    array = array.transpose(order)
    affine = affine[:, [*order, 3]]
    for axis in range(3):
        if flips[axis]:
            affine[:3, 3] += affine[:3, axis] * (array.shape[axis] - 1)
            affine[:3, axis] *= -1
            array = np.flip(array, axis)
    return np.ascontiguousarray(array), affine


def nifti(name, order, flips, dtype=np.uint8, kind=nibabel.Nifti1Image, qform_only=False, big=False, turn=None):
    array, affine = oriented(order, flips)
    ras = np.diag([-1.0, -1.0, 1.0, 1.0]) @ affine
    if turn is not None:
        ras = turn @ ras
    header = (nibabel.Nifti1Header(endianness=">") if big else None) if kind is nibabel.Nifti1Image else None
    image = kind(array.astype(dtype), ras, header)
    image.header.set_data_dtype(dtype)
    image.header.set_xyzt_units("mm")
    image.set_qform(ras if turn is None else None, 1 if turn is None else 0)
    image.set_sform(None if qform_only else ras, 0 if qform_only else 1)
    nibabel.save(image, HERE / name)


def itk(name, order, flips, compress, dtype=np.uint8):
    array, affine = oriented(order, flips)
    image = sitk.GetImageFromArray(np.ascontiguousarray(array.astype(dtype).transpose(2, 1, 0)))
    steps = affine[:3, :3]
    spacing = np.linalg.norm(steps, axis=0)
    image.SetSpacing(spacing.tolist())
    image.SetDirection((steps / spacing).ravel().tolist())
    image.SetOrigin(affine[:3, 3].tolist())
    sitk.WriteImage(image, str(HERE / name), compress)


def pynrrd(name, order, flips, space, encoding):
    array, affine = oriented(order, flips)
    sign = {"left-posterior-superior": (1, 1, 1), "right-anterior-superior": (-1, -1, 1)}[space]
    matrix = np.diag(sign) @ affine[:3, :]
    header = {
        "space": space,
        "space directions": matrix[:, :3].T,
        "space origin": matrix[:, 3],
        "encoding": encoding,
    }
    nrrd.write(str(HERE / name), array.astype(np.int16), header)


def main():
    HERE.mkdir(parents=True, exist_ok=True)
    nifti("ras.nii", (0, 1, 2), (True, True, False))
    nifti("lps.nii.gz", (0, 1, 2), (False, False, False))
    nifti("left_handed.nii.gz", (0, 1, 2), (False, True, False), np.int16)
    nifti("permuted.nii.gz", (2, 0, 1), (True, False, True), np.float32)
    nifti("qform_only.nii.gz", (1, 2, 0), (False, True, True), np.int32, qform_only=True)
    nifti("qform_left_handed.nii.gz", (0, 1, 2), (True, False, False), qform_only=True)
    nifti("big_endian.nii", (0, 2, 1), (False, False, True), np.uint16, big=True)
    nifti("nifti2.nii.gz", (1, 0, 2), (True, False, False), kind=nibabel.Nifti2Image)
    angle = np.radians(10)
    turn = np.eye(4)
    turn[:2, :2] = [[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]]
    nifti("oblique.nii.gz", (0, 1, 2), (False, False, False), turn=turn)
    itk("zlib.mha", (0, 1, 2), (False, False, False), True)
    itk("left_handed.mha", (1, 2, 0), (True, False, False), False, np.int16)
    itk("two_files.mhd", (2, 1, 0), (True, True, False), False)
    itk("itk_gzip.nrrd", (2, 0, 1), (False, True, False), True)
    pynrrd("ras_raw.nrrd", (0, 1, 2), (True, False, False), "right-anterior-superior", "raw")
    pynrrd("lps_gzip.nrrd", (1, 0, 2), (False, False, True), "left-posterior-superior", "gzip")
    raw, _ = oriented((2, 1, 0), (True, False, True))
    raw.astype("<f4").ravel(order="F").tofile(HERE / "headerless.bin")


if __name__ == "__main__":
    main()
