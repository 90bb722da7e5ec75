//! `childsize plot`: the figures of a result for papers.

use std::path::PathBuf;

use clap::Args;
use clap::builder::PossibleValuesParser;

use super::console;
use crate::error::Result;
use crate::io::figure::{Figure, Figures, Kind, Options, file_name};
use crate::io::output_file;
use crate::io::result::read;

const AFTER_HELP: &str = "\
Examples:
  childsize plot out/                                   all figures as SVG and PNG, beside the result
  childsize plot out/ --figure dose --log --format png  three planes, logarithmic colours
  childsize plot out/ --figure dose --at 30,-10,320     planes through the left lung, say
  childsize plot out/result.h5 -o paper/ --force        into another folder, replacing what is there

  dose         plot_dose: coronal, sagittal and axial plane on one scale, dose over anatomy,
               isodose lines, scan range, scale bar, colour bar
  organs       plot_organs: bars with one standard error, in, partly in and out of the field
  profile      plot_profile: mean dose of each layer and tube current along z
  convergence  plot_convergence: error of the worst organ against histories

SVG keeps lines and texts as such; PNG has 2000 columns, 280 dots per inch on 180 mm. The
numbers are those of report.html. For figures of your own, scripts/plot_result.py draws with
h5py and matplotlib. Research use, not for clinical decisions.";

/// Draw the figures of a result: dose in three planes, organ doses, profile along z, convergence.
#[derive(Debug, Args)]
#[command(after_help = AFTER_HELP)]
pub struct PlotArguments {
    /// A result (.h5) or a folder with result.h5
    result: PathBuf,
    /// Only this figure; may be repeated
    #[arg(long = "figure", value_name = "NAME", num_args = 1..,
        value_parser = PossibleValuesParser::new(Figure::NAMES.map(|(name, _)| name)))]
    figures: Vec<String>,
    /// Only this kind of file; may be repeated
    #[arg(long = "format", value_name = "NAME", num_args = 1..,
        value_parser = PossibleValuesParser::new(Kind::NAMES.map(|(name, _)| name)))]
    kinds: Vec<String>,
    /// Folder of the files; made if it is not there [default: that of the result]
    #[arg(short, long, value_name = "DIR")]
    output: Option<PathBuf>,
    /// Point that the planes of `dose` go through, LPS, mm [default: middle of body and first range]
    #[arg(long, value_name = "X,Y,Z", value_parser = point_mm, allow_hyphen_values = true)]
    at: Option<[f64; 3]>,
    /// Doses on a logarithmic scale (`dose`, `organs`)
    #[arg(long)]
    log: bool,
    /// The whole body in `dose` and `profile`, not only what lies near the scan
    #[arg(long)]
    whole: bool,
    /// Replace files that are there
    #[arg(long)]
    force: bool,
}

/// Draws the figures. Refuses files that are there before the first is drawn.
pub fn run(arguments: &PlotArguments) -> Result<()> {
    let file = read::file_of(&arguments.result);
    let folder = arguments.output.clone().or_else(|| file.parent().map(PathBuf::from)).unwrap_or_default();
    let kinds = chosen(&Kind::NAMES, &arguments.kinds);
    let figures = chosen(&Figure::NAMES, &arguments.figures);
    let options = Options { at_mm: arguments.at, logarithmic: arguments.log, whole: arguments.whole };
    let paths = |figure: Figure| kinds.iter().map(move |&kind| file_name(figure, kind));
    for name in figures.iter().flat_map(|&figure| paths(figure)) {
        output_file::refuse_existing(&folder.join(name), arguments.force)?;
    }
    let source = Figures::open(&file, &options)?;
    output_file::make_folder(&folder)?;
    for figure in figures {
        // What was not asked for by name may be missing.
        if arguments.figures.is_empty() && !source.has(figure)? {
            console::note(&format!("left out: {}, the result has no numbers for it", name_of(figure)));
            continue;
        }
        for &kind in &kinds {
            let path = folder.join(file_name(figure, kind));
            source.write(figure, kind, &path)?;
            console::print(&format!(" written  {}\n", path.display()))?;
        }
    }
    Ok(())
}

fn name_of(figure: Figure) -> &'static str {
    Figure::NAMES.iter().find(|(_, known)| *known == figure).map_or("", |(name, _)| name)
}

/// What was named, in the order of the list; all without a name.
fn chosen<T: Copy>(known: &[(&str, T)], names: &[String]) -> Vec<T> {
    let wanted = |name: &str| names.is_empty() || names.iter().any(|one| one == name);
    known.iter().filter(|(name, _)| wanted(name)).map(|&(_, value)| value).collect()
}

fn point_mm(text: &str) -> Result<[f64; 3], String> {
    let numbers: Option<Vec<f64>> = text.split(',').map(|part| part.trim().parse().ok()).collect();
    let point = numbers.and_then(|numbers| <[f64; 3]>::try_from(numbers).ok());
    let finite = point.filter(|point| point.iter().all(|mm| mm.is_finite()));
    finite.ok_or_else(|| "must be three numbers in mm, such as 30,-10,320".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_point_is_three_numbers() {
        assert_eq!(point_mm("30, -10,320.5"), Ok([30.0, -10.0, 320.5]));
        for bad in ["", "1,2", "1,2,3,4", "1,2,x", "1,2,NaN"] {
            assert!(point_mm(bad).is_err(), "{bad}");
        }
    }
}
