"""Writes tests/data/dicom: the asymmetric phantom of make_import_samples.py as CT, SEG and RTSTRUCT.

Needs numpy, nibabel, pydicom, highdicom and python-gdcm. Series are written by pydicom in several orientations and
encodings, one as JPEG lossless by GDCM, segmentations by highdicom, the structure set by pydicom. Every voxel has a CT number of its own. Patient's name and
number are made up, to see that they are not copied. Usage: python scripts/make_dicom_samples.py
"""

import shutil
import warnings
from pathlib import Path

import gdcm
import highdicom as hd
import nibabel
import numpy as np
import pydicom
from make_import_samples import COUNTS, EDGES, FIRST, labels, lps_affine
from pydicom.dataset import Dataset, FileDataset, FileMetaDataset
from pydicom.encaps import encapsulate
from pydicom.sequence import Sequence
from pydicom.sr.codedict import codes
from pydicom.uid import (
    DeflatedExplicitVRLittleEndian,
    ExplicitVRBigEndian,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
    JPEG2000Lossless,
    RLELossless,
)

warnings.filterwarnings("ignore")
HERE = Path(__file__).resolve().parent.parent / "tests" / "data" / "dicom"
ROOT = "1.2.826.0.1.3680043.8.498.1"
STUDY, REFERENCE = f"{ROOT}.1", f"{ROOT}.2"
CT, ENHANCED_CT = "1.2.840.10008.5.1.4.1.1.2", "1.2.840.10008.5.1.4.1.1.2.1"
RTSTRUCT = "1.2.840.10008.5.1.4.1.1.481.3"


def hu():
    """Array [x, y, z] of CT numbers, each there once."""
    x, y, z = np.indices(COUNTS)
    return -200 + 7 * (x + 7 * y + 42 * z)


def oriented(order, flips, turn=None):
    """The CT numbers and their LPS affine with axes permuted, then flipped."""
    array, affine = hu().transpose(order), lps_affine()[:, [*order, 3]]
    for axis in range(3):
        if flips[axis]:
            affine[:3, 3] += affine[:3, axis] * (array.shape[axis] - 1)
            affine[:3, axis] *= -1
            array = np.flip(array, axis)
    return array, (turn @ affine if turn is not None else affine)


def patient(dataset, series, number, sop, syntax, modality="CT"):
    dataset.file_meta = FileMetaDataset()
    dataset.file_meta.MediaStorageSOPClassUID = sop
    dataset.file_meta.MediaStorageSOPInstanceUID = f"{ROOT}.3.{series}.{number}"
    dataset.file_meta.TransferSyntaxUID = syntax
    dataset.SOPClassUID, dataset.SOPInstanceUID = sop, f"{ROOT}.3.{series}.{number}"
    dataset.PatientName, dataset.PatientID = "Secret^Name", "SECRET-4711"
    dataset.PatientBirthDate, dataset.PatientSex = "19991231", "O"
    dataset.StudyInstanceUID, dataset.SeriesInstanceUID = STUDY, f"{ROOT}.4.{series}"
    dataset.StudyDate = dataset.SeriesDate = "20200101"
    dataset.StudyTime = dataset.SeriesTime = "120000"
    dataset.StudyID, dataset.SeriesNumber, dataset.InstanceNumber = "1", series, number
    dataset.AccessionNumber = dataset.ReferringPhysicianName = ""
    dataset.Manufacturer, dataset.ManufacturerModelName = "childsize", "sample"
    dataset.DeviceSerialNumber, dataset.SoftwareVersions = "1", "1"
    dataset.Modality, dataset.FrameOfReferenceUID = modality, REFERENCE
    dataset.PositionReferenceIndicator = ""
    return dataset


def pixels(dataset, shape, bits=16, stored=16, signed=1):
    dataset.Rows, dataset.Columns = shape
    dataset.SamplesPerPixel, dataset.PhotometricInterpretation = 1, "MONOCHROME2"
    dataset.BitsAllocated, dataset.BitsStored, dataset.HighBit = bits, stored, stored - 1
    dataset.PixelRepresentation = signed


def spacing(affine):
    return np.linalg.norm(affine[:3, :3], axis=0)


def orientation(affine):
    return [round(float(v), 12) for axis in (0, 1) for v in affine[:3, axis] / spacing(affine)[axis]]


def position(affine, k):
    return [round(float(v), 6) for v in affine[:3, 3] + k * affine[:3, 2]]


def save(dataset, path):
    path.parent.mkdir(parents=True, exist_ok=True)
    pydicom.dcmwrite(path, dataset, enforce_file_format=True)


def series(name, number, order, flips, syntax=ExplicitVRLittleEndian, signed=1, stored=16, slope=1, intercept=0, turn=None, shift=0.0):
    """A CT series; `stored` of 12 bits gets noise in the bits above. `shift` moves slices sideways, as tilt does."""
    array, affine = oriented(order, flips, turn)
    written = []
    for k in range(array.shape[2]):
        image = patient(Dataset(), number, k + 1, CT, syntax)
        image.ImageType, image.SeriesDescription = ["ORIGINAL", "PRIMARY", "AXIAL"], f"sample {name}"
        image.ImageOrientationPatient = orientation(affine)
        place = position(affine, k)
        place[1] += shift * k
        image.ImagePositionPatient = place
        edges = spacing(affine)
        image.PixelSpacing = [float(edges[1]), float(edges[0])]
        image.SliceThickness = float(edges[2])
        image.RescaleSlope, image.RescaleIntercept, image.RescaleType = slope, intercept, "HU"
        values = np.round((array[:, :, k].T - intercept) / slope).astype(np.int64)
        pixels(image, values.shape, stored=stored, signed=signed)
        values &= (1 << stored) - 1
        if stored < 16:
            values |= (k + 3) << stored & 0xFFFF
        big = syntax == ExplicitVRBigEndian
        image.PixelData = values.astype(">u2" if big else "<u2").tobytes()
        image["PixelData"].VR = "OW"
        if syntax == RLELossless:
            image.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
            image.compress(RLELossless, generate_instance_uid=False)
        # Names that do not sort as the slices do.
        step = 5 if array.shape[2] == 6 else 3
        save(image, HERE / name / f"{(k * step + 2) % array.shape[2]}.dcm")
        written.append(image)
    return written


def enhanced():
    """An enhanced CT of all slices, its frames out of order."""
    array, affine = oriented((0, 1, 2), (False, True, False))
    image = patient(Dataset(), 90, 1, ENHANCED_CT, ExplicitVRLittleEndian)
    image.ImageType, image.SeriesDescription = ["ORIGINAL", "PRIMARY", "VOLUME", "NONE"], "enhanced"
    edges = spacing(affine)
    shared, frames = Dataset(), []
    measures, plane, transform = Dataset(), Dataset(), Dataset()
    measures.PixelSpacing, measures.SliceThickness = [float(edges[1]), float(edges[0])], float(edges[2])
    plane.ImageOrientationPatient = orientation(affine)
    transform.RescaleSlope, transform.RescaleIntercept, transform.RescaleType = 1, -1000, "HU"
    shared.PixelMeasuresSequence, shared.PlaneOrientationSequence = [measures], [plane]
    shared.PixelValueTransformationSequence = [transform]
    order = [3, 0, 4, 1, 2]
    for k in order:
        frame, place = Dataset(), Dataset()
        place.ImagePositionPatient = position(affine, k)
        frame.PlanePositionSequence = [place]
        frames.append(frame)
    image.SharedFunctionalGroupsSequence = Sequence([shared])
    image.PerFrameFunctionalGroupsSequence = Sequence(frames)
    image.NumberOfFrames = len(order)
    pixels(image, (array.shape[1], array.shape[0]), signed=0)
    stack = np.stack([array[:, :, k].T + 1000 for k in order])
    image.PixelData = stack.astype("<u2").tobytes()
    save(image, HERE / "enhanced.dcm")


def segmentations(images):
    """SEG by highdicom: 1 to 8 in the corners, 9 all of the body, in BINARY and FRACTIONAL with the corners, too."""
    found = labels().transpose(2, 1, 0)
    kinds = hd.seg.SegmentationTypeValues
    about = [
        hd.seg.SegmentDescription(
            number, f"Corner_{number}" if number < 9 else "Body", codes.SCT.Organ, codes.SCT.Organ,
            hd.seg.SegmentAlgorithmTypeValues.MANUAL,
        )
        for number in range(1, 10)
    ]
    stacked = np.stack([found == number for number in range(1, 9)] + [found > 0], axis=-1)
    for k, (name, kind, array) in enumerate([
        ("binary", kinds.BINARY, stacked.astype(np.uint8)),
        ("fractional", kinds.FRACTIONAL, np.where(stacked, 0.6, 0.4)),
        ("labelmap", kinds.LABELMAP, found.astype(np.uint8)),
    ]):
        segmentation = hd.seg.Segmentation(
            images, array, kind, about, f"{ROOT}.5.{k}", 50 + k, f"{ROOT}.6.{k}", 1, "childsize", "sample", "1", "1"
        )
        segmentation.save_as(HERE / f"{name}.seg.dcm")


def structure_set(images):
    """RTSTRUCT by pydicom. Contours run around voxels, a quarter of a slice off their plane; the body has a hole."""
    found = labels()
    dataset = patient(Dataset(), 80, 1, RTSTRUCT, ImplicitVRLittleEndian, "RTSTRUCT")
    dataset.StructureSetLabel, dataset.StructureSetDate, dataset.StructureSetTime = "sample", "20200101", "120000"
    reference = Dataset()
    reference.FrameOfReferenceUID = REFERENCE
    dataset.ReferencedFrameOfReferenceSequence = [reference]
    names = [f"Corner {number}" for number in range(1, 9)] + ["Body", "Skin", "PTV 1"]
    kinds = ["ORGAN"] * 9 + ["EXTERNAL", "PTV"]

    def ring(low, high, z):
        corners = [(low[0], low[1]), (high[0], low[1]), (high[0], high[1]), (low[0], high[1])]
        lps = [(FIRST[0] + (x - 0.5) * EDGES[0], FIRST[1] + (y - 0.5) * EDGES[1]) for x, y in corners]
        contour = Dataset()
        contour.ContourGeometricType, contour.NumberOfContourPoints = "CLOSED_PLANAR", 4
        height = FIRST[2] + (z + 0.25) * EDGES[2]
        contour.ContourData = [round(float(v), 4) for x, y in lps for v in (x, y, height)]
        return contour

    rois, contours, observations = [], [], []
    for number, (name, kind) in enumerate(zip(names, kinds), 1):
        roi, contour, observation = Dataset(), Dataset(), Dataset()
        roi.ROINumber, roi.ROIName, roi.ROIGenerationAlgorithm = number, name, "MANUAL"
        roi.ReferencedFrameOfReferenceUID = REFERENCE
        contour.ReferencedROINumber, contour.ContourSequence = number, []
        observation.ObservationNumber = observation.ReferencedROINumber = number
        observation.RTROIInterpretedType, observation.ROIInterpreter = kind, ""
        for z in range(COUNTS[2]):
            if number > 8:
                contour.ContourSequence.append(ring((0, 0), COUNTS[:2], z))
                if number == 9 and z == 2:
                    contour.ContourSequence.append(ring((3, 3), (4, 4), z))
                continue
            x, y = np.nonzero(found[:, :, z] == number)
            if len(x):
                contour.ContourSequence.append(ring((x.min(), y.min()), (x.max() + 1, y.max() + 1), z))
        rois.append(roi), contours.append(contour), observations.append(observation)
    dataset.StructureSetROISequence = rois
    dataset.ROIContourSequence = contours
    dataset.RTROIObservationsSequence = observations
    save(dataset, HERE / "rtstruct.dcm")


def masks():
    """A folder as TotalSegmentator writes it: one mask per class."""
    ras = np.diag([-1.0, -1.0, 1.0, 1.0]) @ lps_affine()
    (HERE / "masks").mkdir(parents=True, exist_ok=True)
    for number, name in [(1, "kidney_left"), (2, "kidney_right"), (3, "lung_upper_lobe_left"), (9, "liver")]:
        nibabel.save(nibabel.Nifti1Image((labels() == number).astype(np.uint8), ras), HERE / "masks" / f"{name}.nii.gz")


def jpeg2000():
    image = patient(Dataset(), 91, 1, CT, JPEG2000Lossless)
    image.ImageType = ["ORIGINAL", "PRIMARY", "AXIAL"]
    pixels(image, (6, 7))
    image.PixelData = encapsulate([b"\xff\x4f\xff\x51"])
    image["PixelData"].VR = "OB"
    save(image, HERE / "jpeg2000.dcm")


def jpeg_lossless():
    """The first series as GDCM compresses it."""
    (HERE / "jpeg_lossless").mkdir()
    for path in sorted((HERE / "hfs").iterdir()):
        reader, change, writer = gdcm.ImageReader(), gdcm.ImageChangeTransferSyntax(), gdcm.ImageWriter()
        reader.SetFileName(str(path))
        assert reader.Read()
        change.SetTransferSyntax(gdcm.TransferSyntax(gdcm.TransferSyntax.JPEGLosslessProcess14_1))
        change.SetInput(reader.GetImage())
        assert change.Change()
        writer.SetFileName(str(HERE / "jpeg_lossless" / path.name))
        writer.SetFile(reader.GetFile())
        writer.SetImage(change.GetOutput())
        assert writer.Write()


def main():
    shutil.rmtree(HERE, ignore_errors=True)
    plain = (False, False, False)
    images = series("hfs", 1, (0, 1, 2), plain)
    series("hfp", 2, (0, 1, 2), (True, True, False), ImplicitVRLittleEndian, signed=0, stored=12, intercept=-1024)
    series("ffs", 3, (0, 1, 2), (True, False, True), ExplicitVRBigEndian, signed=1, stored=12)
    series("ffp", 4, (0, 1, 2), (False, True, True), RLELossless, signed=0, intercept=-1000)
    series("sagittal", 5, (1, 2, 0), (False, True, False), DeflatedExplicitVRLittleEndian)
    series("coronal", 6, (0, 2, 1), (False, True, False), slope=0.5, intercept=-512, signed=0)
    series("flipped", 7, (2, 0, 1), (True, True, True))
    angle = np.radians(10)
    turn = np.eye(4)
    turn[:2, :2] = [[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]]
    series("oblique", 8, (0, 1, 2), plain, turn=turn)
    series("tilted", 9, (0, 1, 2), plain, shift=1.0)
    enhanced()
    segmentations(images)
    structure_set(images)
    masks()
    jpeg2000()
    jpeg_lossless()
    shutil.copy(pydicom.data.get_testdata_file("CT_small.dcm"), HERE / "CT_small.dcm")
    (HERE / "README").write_text(
        "Made by scripts/make_dicom_samples.py, except CT_small.dcm, which is pydicom's (MIT license,\n"
        "Copyright (c) 2008-2020 Darcy Mason and pydicom contributors).\n"
    )


if __name__ == "__main__":
    main()
