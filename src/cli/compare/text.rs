//! A comparison in the terminal.

use crate::analysis::compare::{Comparison, PhaseBatches, RunBatches};
use crate::cli::console::{self, digits};
use crate::io::comparison::{ComparisonFile, mean_gain};
use crate::io::result::NOTICE;
use crate::tally::estimate::Estimate;

/// Rows of the table of what the ends of a range give.
const MOST_END_ROWS: usize = 8;

/// The whole text.
pub fn text(file: &ComparisonFile) -> String {
    format!(
        " A  {}{}\n B  {}{}\n\n{}\n{}{}\n {NOTICE}\n",
        console::plain(&file.a.label),
        phases(file.a, None),
        console::plain(&file.b.label),
        phases(file.b, file.played_ma.as_deref()),
        rows(file.rows),
        ends(file),
        common_numbers(file)
    )
}

fn rows(rows: &[Comparison]) -> String {
    let header = ["", "unit", "A", "± %", "B", "± %", "B - A", "±", "B / A", "± %", "error / independent"];
    let line = |row: &Comparison| {
        vec![
            console::plain(&row.quantity.name),
            row.quantity.unit.clone(),
            digits(row.a.mean, 4),
            percent(&row.a),
            digits(row.b.mean, 4),
            percent(&row.b),
            digits(row.difference.mean, 3),
            digits(row.difference.standard_error, 2),
            format!("{:.4}", row.ratio.mean),
            percent(&row.ratio),
            format!("{:.2}", 1.0 / row.gain),
        ]
    };
    console::table(&header.map(str::to_owned), 9, rows.iter().map(line))
}

/// What each phase was set to and, where there are several, its effective dose.
fn phases(run: &RunBatches, played_ma: Option<&[f64]>) -> String {
    let is_effective = run.quantities.first().is_some_and(|quantity| quantity.unit == "mSv");
    let doses = (run.phases.len() > 1 && is_effective).then(|| run.by_phase(0));
    let line = |(index, phase): (usize, &PhaseBatches)| {
        let played = played_ma.map_or(String::new(), |ma| format!(" (of {})", digits(ma[index], 4)));
        let noise = phase.noise_index.map_or(String::new(), |noise| format!(", noise {}", digits(noise, 3)));
        let dose = doses.as_ref().map_or(String::new(), |doses| {
            let dose = &doses[index];
            format!(": {} {} mSv ± {} %", run.quantities[0].name, digits(dose.mean, 4), percent(dose))
        });
        format!(
            "\n      {}   {} kV, {} mA{played}{noise}{dose}",
            console::plain(&phase.phase),
            phase.tube_voltage_kv,
            digits(phase.tube_current_ma, 4)
        )
    };
    run.phases.iter().enumerate().map(line).collect()
}

/// What a centimetre less at either end of the range saves: the quantities that gain the most.
fn ends(file: &ComparisonFile) -> String {
    let saved = |run: &RunBatches, row: &Comparison| run.saved_per_cm(run.index(&row.quantity.id)?);
    let mut found: Vec<(&Comparison, [[Estimate; 2]; 2])> =
        file.rows.iter().filter_map(|row| Some((row, [saved(file.a, row)?, saved(file.b, row)?]))).collect();
    if found.is_empty() {
        return String::new();
    }
    // Effective doses first, then organs by the larger share of their dose.
    let share = |(row, [[head, foot], _]): &(&Comparison, [[Estimate; 2]; 2])| {
        if row.quantity.unit == "mSv" { f64::INFINITY } else { head.mean.max(foot.mean) }
    };
    found.sort_by(|a, b| share(b).total_cmp(&share(a)));
    let header = ["a centimetre less saves", "unit", "A, head end", "± %", "A, foot end", "± %"];
    let header = header.into_iter().chain(["B, head end", "± %", "B, foot end", "± %"]).map(str::to_owned);
    let header: Vec<String> = header.collect();
    let lines = found.iter().take(MOST_END_ROWS).map(|(row, ends)| {
        let mut cells = vec![console::plain(&row.quantity.name), format!("{}/cm", row.quantity.unit)];
        for end in ends.iter().flatten() {
            let is_scored = end.mean > 0.0;
            cells.extend(if is_scored {
                [digits(end.mean, 3), percent(end)]
            } else {
                ["-"; 2].map(str::to_owned)
            });
        }
        cells
    });
    format!("{}\n", console::table(&header, 8, lines))
}

fn percent(estimate: &Estimate) -> String {
    digits(estimate.relative_error() * 100.0, 2)
}

/// How much the common random numbers brought.
fn common_numbers(file: &ComparisonFile) -> String {
    let (a, b) = (file.a, file.b);
    if a.seed != b.seed {
        return format!(
            " The seeds differ ({} and {}): errors are those of independent runs. Equal seeds make differences sharper.",
            a.seed, b.seed
        );
    }
    format!(
        " Both runs share their random numbers (seed {}): errors of differences are {:.1} times smaller than those of\n \
         independent runs (geometric mean over the rows).",
        a.seed,
        mean_gain(file.rows)
    )
}
