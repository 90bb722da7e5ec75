//! Curves of a phantom's size along z.

use plotters::coord::Shift;
use plotters::coord::types::RangedCoordf64;
use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, Pos, VPos};

use super::drawing::{Drawing, Drawn};
use super::sheet::full_name;
use crate::analysis::size::{BODY_PARTS, SliceSize};
use crate::error::{Error, Result};
use crate::geometry::phantom::Phantom;
use crate::units::MM_PER_CM;

const SIZE: (u32, u32) = (1000, 1300);
/// Colours of Okabe and Ito (2008) for colour-blind readers, from memory; lightness tells the curves apart as well.
const AP: RGBColor = RGBColor(230, 159, 0);
const LATERAL: RGBColor = RGBColor(86, 180, 233);
const EFFECTIVE: RGBColor = RGBColor(0, 158, 115);
const WATER: RGBColor = RGBColor(0, 0, 0);
const GRID: RGBColor = RGBColor(225, 225, 225);
const LANDMARK: RGBColor = RGBColor(110, 110, 110);

/// A curve: its name, its quantity (cm), its colour.
type Curve = (&'static str, fn(&SliceSize) -> f64, RGBColor);

const CURVES: [Curve; 4] = [
    ("width from side to side", |size| size.lateral_cm, LATERAL),
    ("width from front to back", |size| size.ap_cm, AP),
    ("effective diameter (AAPM 204)", |size| size.effective_diameter_cm, EFFECTIVE),
    ("water-equivalent diameter (AAPM 220)", |size| size.water_equivalent_diameter_cm, WATER),
];

type Chart<'a, B> = ChartContext<'a, B, Cartesian2d<RangedCoordf64, RangedCoordf64>>;

/// A phantom and its sizes, slice by slice.
pub struct SizeCurve<'a> {
    phantom: &'a Phantom,
    /// From foot to head.
    sizes: &'a [SliceSize],
    /// Of μ/μ(water).
    energy_kev: f64,
}

impl Drawing for SizeCurve<'_> {
    fn size(&self) -> (u32, u32) {
        SIZE
    }

    fn draw_on<B: DrawingBackend>(&self, area: &DrawingArea<B, Shift>) -> Drawn<B> {
        area.fill(&WHITE)?;
        let title = full_name(self.phantom);
        let [z_mm, width_mm] = self.ranges_mm();
        let mut chart = ChartBuilder::on(area)
            .caption(title, ("sans-serif", 20))
            .margin(16)
            .x_label_area_size(52)
            .y_label_area_size(76)
            .build_cartesian_2d(0.0..width_mm[1], z_mm[0]..z_mm[1])?;
        chart
            .configure_mesh()
            .x_desc(format!("mm (water at {} keV)", self.energy_kev))
            .y_desc("z, mm (to the head)")
            .x_label_formatter(&|mm| format!("{mm:.0}"))
            .y_label_formatter(&|mm| format!("{mm:.0}"))
            .bold_line_style(GRID)
            .light_line_style(TRANSPARENT)
            .label_style(("sans-serif", 15))
            .axis_desc_style(("sans-serif", 16))
            .draw()?;
        self.draw_landmarks(&mut chart, width_mm[1])?;
        for curve in CURVES {
            self.draw_curve(&mut chart, curve)?;
        }
        chart
            .configure_series_labels()
            .position(SeriesLabelPosition::LowerRight)
            .background_style(WHITE.mix(0.9))
            .border_style(LANDMARK)
            .label_font(("sans-serif", 15))
            .draw()?;
        area.present()
    }
}

impl<'a> SizeCurve<'a> {
    /// The curves of a phantom; refuses one without a body.
    pub fn new(phantom: &'a Phantom, sizes: &'a [SliceSize], energy_kev: f64) -> Result<Self> {
        match sizes.is_empty() {
            true => Err(Error::invalid(format!("phantom `{}` has no voxel of a body", phantom.id))),
            false => Ok(SizeCurve { phantom, sizes, energy_kev }),
        }
    }

    fn draw_curve<B: DrawingBackend>(
        &self,
        chart: &mut Chart<B>,
        (name, quantity, colour): Curve,
    ) -> Drawn<B> {
        let points = self.sizes.iter().map(|size| (quantity(size) * MM_PER_CM, size.z_cm * MM_PER_CM));
        let style = colour.stroke_width(if colour == WATER { 3 } else { 2 });
        chart
            .draw_series(LineSeries::new(points, style))?
            .label(name)
            .legend(move |(x, y)| PathElement::new(vec![(x, y), (x + 22, y)], style));
        Ok(())
    }

    /// Heights that bound the parts of the body.
    fn draw_landmarks<B: DrawingBackend>(&self, chart: &mut Chart<B>, width_mm: f64) -> Drawn<B> {
        let mut names: Vec<&str> = BODY_PARTS.iter().flat_map(|part| [part.top, part.bottom]).collect();
        names.sort_unstable();
        names.dedup();
        for name in names {
            let Some(z_mm) = self.phantom.landmarks_z_cm.get(name).map(|cm| cm * MM_PER_CM) else { continue };
            let line = [(0.0, z_mm), (width_mm, z_mm)];
            chart.draw_series(DashedLineSeries::new(line, 4, 4, LANDMARK.stroke_width(1)))?;
            let above = Pos::new(HPos::Left, VPos::Bottom);
            let style = ("sans-serif", 14).into_font().color(&LANDMARK).pos(above);
            let at = (0.01 * width_mm, z_mm);
            chart.draw_series(std::iter::once(Text::new(name.to_owned(), at, style)))?;
        }
        Ok(())
    }

    /// Of z and of the sizes, with some room, mm.
    fn ranges_mm(&self) -> [[f64; 2]; 2] {
        let z = self.sizes.iter().map(|size| size.z_cm * MM_PER_CM);
        let (low, high) = z.fold((f64::MAX, f64::MIN), |(low, high), z| (low.min(z), high.max(z)));
        let widest_cm = self.sizes.iter().map(|size| size.lateral_cm.max(size.ap_cm)).fold(0.0, f64::max);
        let room = 0.02 * (high - low) + 5.0;
        [[low - room, high + room], [0.0, 1.05 * widest_cm * MM_PER_CM]]
    }
}
