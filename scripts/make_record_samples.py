#!/usr/bin/env python3
"""Writes the sample records in tests/records: headers of CT slices and dose reports, of patients that do not exist.

Needs pydicom 3 (pip install pydicom). Concept names come from pydicom's dictionary of PS3.16.
"""

import sys
from pathlib import Path

from pydicom.dataset import Dataset, FileDataset, FileMetaDataset
from pydicom.sequence import Sequence
from pydicom.sr.codedict import codes
from pydicom.uid import ExplicitVRLittleEndian, ImplicitVRLittleEndian

CT_IMAGE = "1.2.840.10008.5.1.4.1.1.2"
DOSE_SR = "1.2.840.10008.5.1.4.1.1.88.67"
UCUM = "UCUM"
ROOT = "1.2.826.0.1.3680043.10.9999."


def file(path, sop_class, instance, syntax=ExplicitVRLittleEndian):
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID = sop_class
    meta.MediaStorageSOPInstanceUID = ROOT + instance
    meta.TransferSyntaxUID = syntax
    data = FileDataset(str(path), {}, file_meta=meta, preamble=b"\0" * 128)
    data.SOPClassUID = sop_class
    data.SOPInstanceUID = ROOT + instance
    return data


def patient(data):
    data.PatientName = "Sample^Quentin"
    data.PatientID = "PID-778899"
    data.PatientBirthDate = "20190405"
    data.PatientSex = "M"
    data.StudyInstanceUID = ROOT + "1"
    data.StudyDate = "20240607"
    data.AccessionNumber = "ACC4711"
    data.ReferringPhysicianName = "Referrer^Roberta"
    data.Manufacturer = "SIEMENS"


def code(value, scheme, meaning):
    item = Dataset()
    item.CodeValue, item.CodingSchemeDesignator, item.CodeMeaning = value, scheme, meaning
    return item


def coded(concept):
    return code(concept.value, concept.scheme_designator, concept.meaning)


def slice_header(path, instance, z_mm, ma, syntax=ExplicitVRLittleEndian, **more):
    data = file(path, CT_IMAGE, instance, syntax)
    patient(data)
    data.Modality = "CT"
    data.ManufacturerModelName = "SOMATOM Definition Flash"
    data.ImageType = ["ORIGINAL", "PRIMARY", "AXIAL"]
    data.SeriesInstanceUID = ROOT + "2"
    data.SeriesDescription = "Sample Quentin chest"
    data.ProtocolName = "Thorax Quentin 20240607"
    data.BodyPartExamined = "CHEST"
    data.AcquisitionNumber = 2
    data.PatientAge = "005Y"
    data.PatientSize = 1.12
    data.PatientWeight = 20
    data.PatientPosition = "HFS"
    data.KVP = 80
    data.XRayTubeCurrent = ma
    data.ExposureTime = 285
    data.RevolutionTime = 0.285
    data.SingleCollimationWidth = 0.6
    data.TotalCollimationWidth = 38.4
    data.SpiralPitchFactor = 1.2
    data.TableFeedPerRotation = 46.08
    data.CTDIvol = 0.82
    data.CTDIPhantomTypeCodeSequence = Sequence([coded(codes.DCM.IECBodyDosimetryPhantom)])
    data.SliceThickness = 5
    data.Rows = data.Columns = 512
    data.PixelSpacing = [0.5, 0.5]
    data.ImageOrientationPatient = [1, 0, 0, 0, 1, 0]
    data.ImagePositionPatient = [-128, -128, z_mm]
    for key, value in more.items():
        if value is None:
            delattr(data, key)
        else:
            setattr(data, key, value)
    data.save_as(path, enforce_file_format=True)


def modulated_series(folder):
    """Forty slices whose current falls and rises, and a localizer from the front."""
    folder.mkdir(parents=True, exist_ok=True)
    for index in range(40):
        syntax = ImplicitVRLittleEndian if index % 2 else ExplicitVRLittleEndian
        ma = 60 + abs(20 - index)
        slice_header(folder / f"{index:03}.dcm", f"3.{index}", -512.5 + 5 * index, ma, syntax)
    slice_header(
        folder / "scout.dcm", "3.100", -280.0, 35, ImageType=["ORIGINAL", "PRIMARY", "LOCALIZER"], AcquisitionNumber=1,
        ImageOrientationPatient=[1, 0, 0, 0, 0, -1], PixelSpacing=[1, 1], Rows=256, SpiralPitchFactor=None,
        RevolutionTime=None, TableFeedPerRotation=None, CTDIvol=None, CTDIPhantomTypeCodeSequence=None,
        ExposureTime=2600, TotalCollimationWidth=3.6, SingleCollimationWidth=0.6)


def sparse_series(folder):
    """Slices of an old scanner that say little, and pitch 0, which no protocol accepts."""
    folder.mkdir(parents=True, exist_ok=True)
    for index in range(6):
        slice_header(
            folder / f"{index}.dcm", f"4.{index}", 100.0 + 10 * index, 90, SpiralPitchFactor=0.0, ScanOptions="HELICAL MODE",
            RevolutionTime=None, ExposureTime=None, TotalCollimationWidth=None, SingleCollimationWidth=None,
            TableFeedPerRotation=None, CTDIPhantomTypeCodeSequence=None, PatientAge=None, PatientWeight=None,
            ManufacturerModelName="Old Scanner", PatientPosition="HFDR", PatientSize=None, BodyPartExamined="HEAD")


def item(relation, value_type, concept, **values):
    content = Dataset()
    content.RelationshipType, content.ValueType = relation, value_type
    content.ConceptNameCodeSequence = Sequence([coded(concept)])
    for key, value in values.items():
        setattr(content, key, value)
    return content


def number(concept, value, unit):
    measured = Dataset()
    measured.NumericValue = str(value)
    measured.MeasurementUnitsCodeSequence = Sequence([code(unit, UCUM, unit)])
    return item("CONTAINS", "NUM", concept, MeasuredValueSequence=Sequence([measured]))


def container(concept, *children):
    return item("CONTAINS", "CONTAINER", concept, ContinuityOfContent="SEPARATE", ContentSequence=Sequence(children))


def tube(name, kv, ma, most_ma, rotation_s):
    children = [
        item("CONTAINS", "TEXT", codes.DCM.IdentificationOfTheXRaySource, TextValue=name),
        number(codes.DCM.KVP, kv, "kV"),
        number(codes.DCM.MaximumXRayTubeCurrent, most_ma, "mA"),
        number(codes.DCM.XRayTubeCurrent, ma, "mA"),
    ]
    if rotation_s:
        children.append(number(codes.DCM.ExposureTimePerRotation, rotation_s, "s"))
    return container(codes.DCM.CTXRaySourceParameters, *children)


def acquisition(name, region, kind, length_mm, tubes, collimation_mm, dose=None, pitch=None, time_s=1.0, phantom=None):
    parameters = [
        number(codes.DCM.ExposureTime, time_s, "s"),
        number(codes.DCM.ScanningLength, length_mm, "mm"),
        number(codes.DCM.NominalSingleCollimationWidth, 0.6, "mm"),
        number(codes.DCM.NominalTotalCollimationWidth, collimation_mm, "mm"),
        number(codes.DCM.NumberOfXRaySources, len(tubes), "{X-Ray sources}"),
        *[tube(*one) for one in tubes],
    ]
    if pitch is not None:
        parameters.append(number(codes.DCM.PitchFactor, pitch, "{ratio}"))
    children = [
        item("CONTAINS", "TEXT", codes.DCM.AcquisitionProtocol, TextValue=name),
        item("CONTAINS", "CODE", codes.DCM.TargetRegion, ConceptCodeSequence=Sequence([region])),
        item("CONTAINS", "CODE", codes.DCM.CTAcquisitionType, ConceptCodeSequence=Sequence([kind])),
        item("CONTAINS", "UIDREF", codes.DCM.IrradiationEventUID, UID=ROOT + "9." + str(int(length_mm))),
        container(codes.DCM.CTAcquisitionParameters, *parameters),
    ]
    if dose is not None:
        children.append(container(
            codes.DCM.CTDose,
            number(codes.DCM.MeanCtdivol, dose, "mGy"),
            item("CONTAINS", "CODE", codes.DCM.CtdiwPhantomType, ConceptCodeSequence=Sequence([coded(phantom)])),
            number(codes.DCM.DLP, round(dose * length_mm / 10, 3), "mGy.cm")))
    return container(codes.DCM.CTAcquisition, *children)


def report(path, acquisitions, procedure, template, instance):
    data = file(path, DOSE_SR, instance)
    patient(data)
    data.Modality = "SR"
    data.ManufacturerModelName = "SOMATOM Definition Flash"
    data.SeriesInstanceUID = ROOT + "5"
    data.PatientSize = 1.1
    data.ValueType = "CONTAINER"
    data.ConceptNameCodeSequence = Sequence([coded(codes.DCM.XRayRadiationDoseReport)])
    data.ContinuityOfContent = "SEPARATE"
    uses = Dataset()
    uses.MappingResource, uses.TemplateIdentifier = "DCMR", template
    data.ContentTemplateSequence = Sequence([uses])
    data.ContentSequence = Sequence([
        item("HAS CONCEPT MOD", "CODE", codes.DCM.ProcedureReported, ConceptCodeSequence=Sequence([procedure])),
        *acquisitions,
    ])
    data.save_as(path, enforce_file_format=True)


CHEST = code("51185008", "SCT", "Chest")
HEAD = code("69536005", "SCT", "Head")
CT = code("77477000", "SCT", "Computed Tomography X-Ray")
SPIRAL = code("116152004", "SCT", "Spiral Acquisition")
BODY, SKULL = codes.DCM.IECBodyDosimetryPhantom, codes.DCM.IECHeadDosimetryPhantom


def mixed_report(path):
    """A localizer, a spiral, slices one by one, one place again and again, and a second name for the first."""
    kind = {name: coded(getattr(codes.DCM, name))
            for name in ("ConstantAngleAcquisition", "SequencedAcquisition", "StationaryAcquisitionCT")}
    report(path, [
        acquisition("Topogram", CHEST, kind["ConstantAngleAcquisition"], 512, [("A", 80, 35, 35, None)], 3.6, 0.05, time_s=5.2,
                    phantom=BODY),
        acquisition("Thorax", CHEST, SPIRAL, 212.5, [("A", 80, 71, 120, 0.285)], 38.4, 0.82, 1.2, 1.4, BODY),
        acquisition("Head", HEAD, kind["SequencedAcquisition"], 128, [("A", 120, 150, 150, 1.0)], 19.2, 21.4, 1.0, 7, SKULL),
        acquisition("Premonitoring Sample", CHEST, kind["StationaryAcquisitionCT"], 10, [("A", 80, 20, 20, 0.5)], 10, 0.9,
                    time_s=2.5, phantom=BODY),
        acquisition("Thorax", CHEST, SPIRAL, 150, [("A", 80, 70, 80, 0.285)], 38.4, 0.8, 0, 1.0, BODY),
    ], CT, "10011", "6")


def dual_report(path):
    """Two tubes of one voltage, and two of two voltages."""
    report(path, [
        acquisition("Flash", CHEST, SPIRAL, 200, [("A", 100, 120, 160, 0.28), ("B", 100, 80, 110, 0.28)], 38.4, 1.5, 3.0,
                    0.5, BODY),
        acquisition("Dual energy", CHEST, SPIRAL, 200, [("A", 80, 150, 200, 0.5), ("B", 140, 60, 80, 0.5)], 19.2, 4.0, 0.9,
                    6, BODY),
    ], CT, "10011", "7")


def main():
    folder = Path(sys.argv[1] if len(sys.argv) > 1 else "tests/records")
    folder.mkdir(parents=True, exist_ok=True)
    modulated_series(folder / "modulated")
    sparse_series(folder / "sparse")
    mixed_report(folder / "mixed.dcm")
    dual_report(folder / "dual.dcm")
    whole = (folder / "mixed.dcm").read_bytes()
    (folder / "truncated.dcm").write_bytes(whole[: len(whole) // 2])
    report(folder / "projection.dcm", [], code("113704", "DCM", "Projection X-Ray"), "10001", "8")
    high = [acquisition("Thorax", CHEST, SPIRAL, 200, [("A", 160, 70, 80, 0.3)], 38.4, 0.8, 1.0, 1.0, BODY)]
    report(folder / "kv160.dcm", high, CT, "10011", "9")


if __name__ == "__main__":
    main()
