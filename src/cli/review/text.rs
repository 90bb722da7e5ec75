//! A review in the terminal.

use crate::analysis::review::{PhaseReview, Review, Saving};
use crate::cli::console::{self, digits};
use crate::io::result::NOTICE;
use crate::io::review::ReviewFile;
use crate::tally::estimate::Estimate;

/// Width of paragraphs, characters.
const WIDTH: usize = 110;

/// The whole text.
pub fn text(file: &ReviewFile) -> String {
    let review = file.review;
    let mut text = format!(
        " {}, {}: effective dose {} mSv\n\n{}\n{}\n{}",
        console::plain(file.name),
        console::plain(file.phantom),
        with_error(&review.effective_msv),
        sizes(review),
        voltages(review),
        costs(review)
    );
    for (reader, paragraph) in file.paragraphs() {
        text += &format!("\n For the {reader}\n{}", wrapped(&console::plain(&paragraph)));
    }
    text + &format!(
        "\n doses    {}; ± is one standard error\n adults   {}\n notice   {NOTICE}\n",
        file.source,
        console::plain(file.baseline)
    )
}

fn sizes(review: &Review) -> String {
    let header = [
        "is it child-sized?",
        "Dw cm",
        "kV",
        "eff. mAs",
        "CTDIvol mGy",
        "/ same dose",
        "/ same E",
        "/ same noise",
        "level mGy",
    ];
    let rows = review.phases.iter().map(size_row);
    console::table(&header.map(str::to_owned), header.len() - 1, rows)
}

fn size_row(phase: &PhaseReview) -> Vec<String> {
    let acquisition = &phase.acquisition;
    let region = phase.region.map_or(String::new(), |region| format!(" ({})", region.name));
    let mut cells = vec![
        format!("  {}{region}", console::plain(&acquisition.phase)),
        phase.water_equivalent_diameter_cm.map_or("-".to_owned(), |cm| digits(cm, 3)),
        acquisition.tube_voltage_kv.to_string(),
        digits(acquisition.effective_mas(), 3),
        phase.ctdi.as_ref().map_or("-".to_owned(), |ctdi| {
            format!("{} ({} cm)", digits(ctdi.volume_mgy.mean, 3), ctdi.console.phantom.diameter_cm())
        }),
    ];
    match (&phase.child_size, &phase.ctdi) {
        (Ok((_, line)), Some(ctdi)) => {
            let phantom = usize::from(ctdi.console.phantom.diameter_cm() > 16.0);
            let ratio = |own: &Estimate| digits(ctdi.volume_mgy.mean / own.mean, 3);
            cells.extend(line.settings.iter().map(|setting| ratio(&setting.ctdi_vol_mgy[phantom])));
            cells.push(line.reference_level().map_or("-".to_owned(), |level| {
                let recalled = if level.status.starts_with("RECALLED") { "*" } else { "" };
                format!("{}{recalled}", level.high_mgy)
            }));
        }
        // The paragraph of the physicist says why.
        _ => cells.extend(["-"; 4].map(str::to_owned)),
    }
    cells
}

fn voltages(review: &Review) -> String {
    if review.voltages.is_empty() {
        return String::new();
    }
    let header = [
        "another tube voltage",
        "mAs x, same noise",
        "E mSv",
        "saves mSv",
        "saves %",
        "mAs x, same iodine CNR",
        "E mSv",
    ];
    let rows = review.voltages.iter().map(|row| {
        vec![
            format!("  {} kV", row.tube_voltage_kv),
            digits(row.mas_factors[0], 3),
            digits(row.effective_msv.mean, 3),
            with_error(&row.saved_msv),
            digits(100.0 * row.saved_msv.mean / review.effective_msv.mean, 2),
            digits(row.mas_factors[1], 3),
            digits(row.iodine_msv.mean, 3),
        ]
    });
    console::table(&header.map(str::to_owned), header.len() - 1, rows)
}

fn costs(review: &Review) -> String {
    let header = ["what does it cost?", "E mSv", "% of the exam", "organs that get the most of it"];
    let mut rows: Vec<(String, &Saving)> = review
        .phases
        .iter()
        .map(|phase| (format!("  phase {}", console::plain(&phase.acquisition.phase)), &phase.saving))
        .collect();
    if let Some([head, foot]) = &review.per_cm {
        rows.push(("  a centimetre at the head end".to_owned(), head));
        rows.push(("  a centimetre at the foot end".to_owned(), foot));
    }
    rows.extend(review.to_landmarks.iter().map(|saving| ("  beyond the landmarks".to_owned(), saving)));
    rows.extend(review.overrange.iter().map(|saving| ("  overrange".to_owned(), saving)));
    let rows = rows.into_iter().map(|(name, saving)| {
        let organ = |(organ, saved, share): &(_, Estimate, f64)| {
            let organ: &crate::analysis::compare::Quantity = organ;
            format!(
                "{} {} mGy ({} %)",
                console::plain(&organ.name),
                digits(saved.mean, 2),
                digits(100.0 * share, 2)
            )
        };
        vec![
            name,
            with_error(&saving.effective_msv),
            digits(100.0 * saving.effective_msv.mean / review.effective_msv.mean, 2),
            format!("  {}", saving.organs.iter().map(organ).collect::<Vec<_>>().join(", ")),
        ]
    });
    console::table(&header.map(str::to_owned), 2, rows)
}

fn with_error(estimate: &Estimate) -> String {
    format!("{} ± {}", digits(estimate.mean, 3), digits(estimate.standard_error, 1))
}

/// A paragraph in lines.
fn wrapped(paragraph: &str) -> String {
    let (mut text, mut length) = (String::new(), WIDTH);
    for word in paragraph.split_whitespace() {
        let long = word.chars().count() + 1;
        if length + long > WIDTH {
            text += if text.is_empty() { "  " } else { "\n  " };
            length = 2;
        } else {
            text.push(' ');
        }
        text += word;
        length += long;
    }
    text + "\n"
}
