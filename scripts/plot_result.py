#!/usr/bin/env python3
"""Draw a childsize result: three slices of anatomy with dose, and the organ doses with their errors.

    pip install h5py matplotlib numpy
    python scripts/plot_result.py out/result.h5 -o result.png
"""

import argparse

import h5py
import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt
import numpy as np
from matplotlib.colors import LogNorm, Normalize
from mpl_toolkits.axes_grid1.anchored_artists import AnchoredSizeBar

INK, PAPER, GREY = "#1d2733", "#ffffff", "#6b7785"
IN_FIELD, PARTLY, OUT = "#35608d", "#8a6fae", "#b3bac2"
IN_FIELD_COVERAGE = 0.95
# Heights shown beyond the scan.
MARGIN_MM = 220.0


def parse():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("result", help="result.h5 of a run with a dose map")
    parser.add_argument("-o", "--output", default="result.png", help="picture, .png, .svg or .pdf [result.png]")
    parser.add_argument("--log", action="store_true", help="logarithmic dose colours")
    parser.add_argument("--at", nargs=3, type=float, metavar=("X", "Y", "Z"), help="slices through this point, mm")
    parser.add_argument("--whole", action="store_true", help="the whole body, not only what lies near the scan")
    parser.add_argument("--organs", type=int, default=22, help="organs in the chart [22]")
    parser.add_argument("--title", help="heading [the protocol's name]")
    return parser.parse_args()


class Maps:
    """The maps of a result, cut to the body and to heights (lowest, highest), mm."""

    def __init__(self, file, heights_mm):
        if "maps" not in file:
            raise SystemExit("plot_result: the result holds no dose map")
        group = file["maps"]
        organ = group["organ_id"][:]
        body = organ != group["organ_id"].attrs["outside"]
        spans = [np.flatnonzero(body.any(axis=tuple(set(range(3)) - {axis}))) for axis in range(3)]
        heights = np.flatnonzero((group["z"][:] > heights_mm[0]) & (group["z"][:] < heights_mm[1]))
        spans[0] = np.intersect1d(spans[0], heights)
        cut = tuple(slice(max(span[0] - 2, 0), span[-1] + 3) for span in spans)
        self.axes = [group[name][:][part] for name, part in zip("zyx", cut)]
        self.body = body[cut]
        self.dose = np.where(self.body, group["absorbed_dose"][cut], np.nan)
        self.density = np.where(self.body, group["density"][cut], np.nan)

    def index(self, axis, position_mm):
        return int(np.abs(self.axes[axis] - position_mm).argmin())


def ranges(file):
    """Nominal and exposed (top, bottom) of every acquisition, mm."""
    for name in file["acquisitions"]:
        a = file["acquisitions"][name].attrs
        top, bottom = a["range_top_mm"], a["range_bottom_mm"]
        yield (top, bottom), (top + a["overrange_top_mm"], bottom - a["overrange_bottom_mm"])


def draw_slice(axes, maps, plane, index, norm, cmap, title):
    """One slice: density in grey, dose over it, more opaque where it is higher."""
    rows, columns = [axis for axis in range(3) if axis != plane]
    cut = tuple(index if axis == plane else slice(None) for axis in range(3))
    vertical, horizontal = maps.axes[rows], maps.axes[columns]
    half = [(a[1] - a[0]) / 2 for a in (horizontal, vertical)]
    extent = [horizontal[0] - half[0], horizontal[-1] + half[0], vertical[0] - half[1], vertical[-1] + half[1]]
    # Radiological convention: the patient's right on the left of the picture is x growing to the right.
    place = {"origin": "lower", "extent": extent, "interpolation": "nearest"}
    axes.imshow(maps.density[cut], cmap="gray", vmin=0.0, vmax=1.75, **place)
    dose = maps.dose[cut]
    share = np.clip(np.nan_to_num(norm(np.ma.masked_invalid(dose)).filled(0.0)), 0.0, 1.0)
    axes.imshow(dose, cmap=cmap, norm=norm, alpha=np.clip(0.12 + 1.6 * share, 0.0, 0.78) * maps.body[cut], **place)
    axes.set_title(title, fontsize=9, color=INK, loc="left", pad=4)
    axes.set_xticks([])
    axes.set_yticks([])
    axes.set_facecolor(PAPER)
    for spine in axes.spines.values():
        spine.set_visible(False)
    if plane == 0:
        axes.invert_yaxis()


def scale_bar(axes, length_mm, place, anchor):
    """A bar of a length, its corner at `anchor` in the axes' own units of 0 to 1."""
    bar = AnchoredSizeBar(
        axes.transData, length_mm, f"{length_mm} mm", place, pad=0.0, borderpad=0.0, sep=3, frameon=False, color=INK,
        size_vertical=1.2, bbox_to_anchor=anchor, bbox_transform=axes.transAxes,
    )
    bar.txt_label._text.set_fontsize(7.5)
    axes.add_artist(bar)


def draw_ranges(axes, file):
    """Nominal range: solid; with overrange: dotted."""
    for nominal, exposed in ranges(file):
        for z in nominal:
            axes.axhline(z, color=INK, linewidth=1.0)
        for z in exposed:
            axes.axhline(z, color=INK, linewidth=0.8, linestyle=(0, (1, 2.5)))


def draw_organs(axes, file, count):
    """Bars of the total organ doses with two standard errors, coloured by coverage."""
    organs = file["organs"]
    names = organs["name"].asstr()[:]
    mass, volume = organs["mass"][:], organs["volume"][:]
    dose, error = organs["total"][:], organs["total_standard_error"][:]
    coverage = organs["coverage"][:].max(axis=0)
    shown = [o for o in range(len(names)) if dose[o] > 0 and mass[o] > 0.1 * volume[o]]
    shown = sorted(shown, key=lambda o: -dose[o])[:count]
    colours = [IN_FIELD if coverage[o] >= IN_FIELD_COVERAGE else PARTLY if coverage[o] > 0 else OUT for o in shown]
    at = np.arange(len(shown))
    whisker = {"ecolor": INK, "elinewidth": 1.0, "capsize": 2.0}
    axes.barh(at, dose[shown], xerr=2 * error[shown], color=colours, height=0.72, error_kw=whisker)
    short = [name if len(name) <= 30 else name[:29] + "…" for name in names[shown]]
    axes.set_yticks(at, short, fontsize=8, color=INK)
    axes.invert_yaxis()
    axes.set_xlim(left=0)
    axes.set_ylim(len(shown) - 0.4, -0.6)
    axes.set_xlabel("organ dose, mGy (bars: two standard errors)", fontsize=8.5, color=INK)
    axes.tick_params(axis="x", labelsize=8, colors=INK)
    axes.tick_params(axis="y", length=0)
    axes.grid(axis="x", color="#e3e7eb", linewidth=0.8)
    axes.set_axisbelow(True)
    for side in ("top", "right", "left"):
        axes.spines[side].set_visible(False)
    keys = [(IN_FIELD, "in the field"), (PARTLY, "partly in the field"), (OUT, "out of the field")]
    patches = [plt.Rectangle((0, 0), 1, 1, color=colour) for colour, _ in keys]
    axes.legend(patches, [text for _, text in keys], fontsize=8, frameon=False, loc="lower right", handlelength=1.0)


def norm_for(dose, log):
    seen = dose[np.isfinite(dose) & (dose > 0)]
    top = float(np.percentile(seen, 99.7)) if seen.size else 1.0
    return LogNorm(top / 300, top, clip=True) if log else Normalize(0.0, top, clip=True)


def main():
    arguments = parse()
    with h5py.File(arguments.result) as file:
        exposed = [z for _, pair in ranges(file) for z in pair]
        margin = np.inf if arguments.whole else MARGIN_MM
        maps = Maps(file, (min(exposed) - margin, max(exposed) + margin))
        top, bottom = next(ranges(file))[0]
        # Through the middle of the scan and of the body, the sagittal cut a little off the spine's edge.
        middle = [0.5 * (top + bottom)] + [0.5 * (axis[0] + axis[-1]) for axis in maps.axes[1:]]
        z, y, x = reversed(arguments.at) if arguments.at else middle
        norm = norm_for(maps.dose, arguments.log)
        cmap = plt.get_cmap("inferno")

        plt.rcParams["font.family"] = "DejaVu Sans"
        figure = plt.figure(figsize=(12.0, 6.9), facecolor=PAPER)
        grid = figure.add_gridspec(
            2, 4, width_ratios=[1.3, 1.1, 0.06, 1.9], height_ratios=[2.1, 1.0], left=0.015, right=0.985, top=0.865,
            bottom=0.1, wspace=0.09, hspace=0.1,
        )
        coronal, sagittal = figure.add_subplot(grid[:, 0]), figure.add_subplot(grid[0, 1])
        axial = figure.add_subplot(grid[1, 1])
        draw_slice(coronal, maps, 1, maps.index(1, y), norm, cmap, f"coronal, y = {y:.0f} mm")
        draw_slice(sagittal, maps, 2, maps.index(2, x), norm, cmap, f"sagittal, x = {x:.0f} mm")
        draw_slice(axial, maps, 0, maps.index(0, z), norm, cmap, f"axial, z = {z:.0f} mm")
        for axes in (coronal, sagittal):
            draw_ranges(axes, file)
        scale_bar(coronal, 100, "upper center", (0.5, -0.015))
        scale_bar(axial, 50, "upper center", (0.5, -0.03))

        bar_axes = figure.add_subplot(grid[:, 2])
        mappable = plt.cm.ScalarMappable(norm=norm, cmap=cmap)
        bar = figure.colorbar(mappable, cax=bar_axes, extend="max")
        bar.set_label("absorbed dose, mGy", fontsize=8.5, color=INK)
        bar.ax.tick_params(labelsize=8, colors=INK)
        bar.outline.set_visible(False)

        holder = grid[:, 3].subgridspec(1, 2, width_ratios=[0.62, 1.0], wspace=0.0)
        draw_organs(figure.add_subplot(holder[1]), file, arguments.organs)

        title = arguments.title or file["protocol"].attrs["name"] or "childsize"
        figure.text(0.02, 0.958, title, fontsize=14, color=INK, weight="bold", va="center")
        about = file["provenance"].attrs
        scan = file["acquisitions/000"].attrs
        line = (
            f"{about['phantom_name']}   ·   {scan['tube_voltage_kv']:.0f} kV, {scan['effective_mas']:.0f} effective mAs"
            f"   ·   {about['histories'] / 1e6:.3g} million histories   ·   solid lines: scan range, dotted: with overrange"
        )
        figure.text(0.02, 0.917, line, fontsize=8.5, color=GREY, va="center")
        figure.text(0.985, 0.012, file.attrs["notice"], fontsize=7.5, color=GREY, ha="right", va="bottom")
        figure.savefig(arguments.output, dpi=170, facecolor=PAPER)
    print(arguments.output)


if __name__ == "__main__":
    main()
