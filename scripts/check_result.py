#!/usr/bin/env python3
"""Open a childsize result with h5py, xarray and VTK and check that all three see the same.

    pip install h5py xarray h5netcdf vtk numpy
    python scripts/check_result.py out/result.h5
"""

import sys

import h5py
import numpy as np
import xarray
from vtkmodules.util.numpy_support import vtk_to_numpy
from vtkmodules.vtkIOHDF import vtkHDFReader

MAPS = ["absorbed_dose", "relative_error", "density", "organ_id", "material_id"]


def require(claim, sentence):
    if not claim:
        sys.exit(f"check_result: {sentence}")


def check_units(file):
    """Every dataset says its unit."""
    silent = []
    file.visititems(
        lambda name, item: silent.append(name) if isinstance(item, h5py.Dataset) and "units" not in item.attrs else None
    )
    require(not silent, f"datasets without units: {silent}")


def check_statistics(file):
    """Organ doses and their errors follow from the batches."""
    organs = file["organs"]
    mass = organs["mass"][:]
    for index, name in enumerate(file["batches"]):
        group = file["batches"][name]
        energy = group["organ_energy"][:]
        with np.errstate(invalid="ignore", divide="ignore"):
            dose = energy.mean(axis=0) * group.attrs["mgy_g_per_kev"] / mass
            error = energy.std(axis=0, ddof=1) / np.sqrt(len(energy)) * group.attrs["mgy_g_per_kev"] / mass
        scored = dose > 0
        require(np.allclose(dose[scored], organs["dose"][index][scored]), f"doses of {name} do not follow from batches")
        stored = organs["standard_error"][index][scored]
        require(np.allclose(error[scored], stored), f"standard errors of {name} do not follow from batches")
    require(np.allclose(organs["dose"][:].sum(axis=0), organs["total"][:], equal_nan=True), "total is not the sum")
    return {int(organ): total for organ, total in enumerate(organs["total"][:])}


def check_map_against_organs(file, totals):
    """The mass-weighted dose map gives the organ doses back (maps as fine as the phantom only)."""
    organ, density = file["maps/organ_id"][:], file["maps/density"][:].astype(float)
    dose = file["maps/absorbed_dose"][:].astype(float)
    voxel_cm3 = abs(np.linalg.det(file["maps/affine_lps"][:3, :3])) / 1000.0
    for index, total in totals.items():
        inside = organ == index
        mass = density[inside].sum() * voxel_cm3
        if not inside.any() or abs(mass / file["organs/mass"][index] - 1) > 1e-4 or total == 0:
            continue
        mean = (dose[inside] * density[inside]).sum() / density[inside].sum()
        name = file["organs/id"].asstr()[index]
        require(abs(mean / total - 1) < 1e-3, f"{name}: map says {mean:.6g} mGy, the organ table {total:.6g} mGy")


def check_xarray(path, file):
    """xarray sees the maps with coordinates in mm."""
    with xarray.open_dataset(path, group="maps", engine="h5netcdf") as maps:
        for axis in "zyx":
            require(axis in maps.coords, f"xarray has no coordinate {axis}")
            require(np.array_equal(maps[axis].values, file["maps"][axis][:]), f"coordinate {axis} differs in xarray")
            require(maps[axis].attrs["units"] == "mm", f"coordinate {axis} is not in mm")
        for name in MAPS:
            require(maps[name].dims == ("z", "y", "x"), f"{name} has the axes {maps[name].dims} in xarray")
            same = np.array_equal(maps[name].values, file["maps"][name][:], equal_nan=name == "relative_error")
            require(same, f"{name} differs in xarray")
        print(f"xarray {xarray.__version__}: {dict(maps.sizes)}, {maps.absorbed_dose.attrs['units']}")


def check_vtk(path, file):
    """VTK's HDF reader sees the same cells at the same places."""
    reader = vtkHDFReader()
    require(reader.CanReadFile(path), "vtkHDFReader cannot read the file")
    reader.SetFileName(path)
    reader.Update()
    image = reader.GetOutput()
    shape = file["maps/absorbed_dose"].shape
    cells = tuple(n - 1 for n in reversed(image.GetDimensions()))
    require(cells == shape, f"VTK has {cells} cells, the file {shape}")
    for name in MAPS:
        array = image.GetCellData().GetArray(name)
        require(array is not None, f"VTK has no cell array {name}")
        values = vtk_to_numpy(array).reshape(shape)
        same = np.array_equal(values, file["maps"][name][:], equal_nan=name == "relative_error")
        require(same, f"{name} differs in VTK")
    centre = np.array(image.GetOrigin()) + 0.5 * np.array(image.GetSpacing())
    first = np.array([file["maps"][axis][0] for axis in "xyz"])
    require(np.allclose(centre, first), f"VTK puts the first cell at {centre}, the file at {first}")
    print(f"VTK: {image.GetDimensions()} points, {image.GetCellData().GetNumberOfArrays()} cell arrays")


def main():
    if len(sys.argv) != 2:
        sys.exit("usage: check_result.py result.h5")
    path = sys.argv[1]
    with h5py.File(path) as file:
        require(file.attrs["format"] == "childsize.result", "not a childsize result")
        check_units(file)
        totals = check_statistics(file)
        print(f"h5py {h5py.__version__}: {len(totals)} organs, {len(file['batches'])} acquisitions")
        if "maps" in file:
            for axis, scale in enumerate("zyx"):
                joined = file["maps/absorbed_dose"].dims[axis][0]
                require(joined == file["maps"][scale], f"axis {axis} is not joined to {scale}")
            check_map_against_organs(file, totals)
            check_xarray(path, file)
            check_vtk(path, file)
    print("all agree")


if __name__ == "__main__":
    main()
