//! Folded matrices as a page carries them: logarithmic codes, differences, gzip, base64.
//!
//! Tube voltages and neighbouring planes differ little, so that differences of codes are small and pack well. The script
//! of the page (`explorer_sums.js`) is the other half of this file.

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use serde_json::{Value, json};

use crate::analysis::response::folded::Folded;
use crate::error::Result;
use crate::geometry::mass::OrganProfile;
use crate::io::report::result::pack::deflated;

/// Step of a mean's logarithm, and the largest code: values down to 8e-8 of a row's largest, to 0.025 %.
const MEAN_STEP: f64 = 5e-4;
const MEAN_CODES: u16 = 0x7fff;
/// Bit of a negative value: the slope between energy bins may take a little of a cell that has little.
const NEGATIVE: u16 = 0x8000;
/// Step of an error's logarithm, and the largest code: to 2.5 %, rounded up where it is least.
const ERROR_STEP: f64 = 0.05;
const ERROR_CODES: u8 = 255;

/// What the script unpacks, with the bytes as text.
pub fn value(folded: &Folded, profile: &OrganProfile) -> Result<Value> {
    let [rows, voltages, planes] = folded.shape;
    let of_row = voltages * planes;
    let largest = |values: &[f64]| -> Vec<f64> {
        values
            .chunks(of_row)
            .map(|row| row.iter().fold(0.0, |most, value| f64::max(most, value.abs())))
            .collect()
    };
    let (means, errors) = (largest(&folded.mean), largest(&folded.standard_error));
    let codes = (0..rows * of_row).map(|at| mean_code(folded.mean[at], means[at / of_row]));
    let mut bytes = Vec::new();
    push_words(&mut bytes, &differences(&codes.collect::<Vec<_>>(), [voltages, planes]));
    bytes.extend((0..rows * of_row).map(|at| error_code(folded.standard_error[at], errors[at / of_row])));
    bytes.extend(folded.correlation.iter().map(|rho| (rho.clamp(0.0, 1.0) * 255.0).round() as u8));
    push_words(&mut bytes, &cumulative_shares(profile));
    Ok(json!({
        "shape": folded.shape,
        "mean_step": MEAN_STEP,
        "mean_codes": MEAN_CODES,
        "error_step": ERROR_STEP,
        "error_codes": ERROR_CODES,
        "means": means,
        "errors": errors,
        "heaviest": folded.heaviest,
        "data": BASE64_STANDARD.encode(deflated(&bytes)?),
    }))
}

fn mean_code(value: f64, largest: f64) -> u16 {
    let code = f64::from(MEAN_CODES) + (value.abs() / largest).ln() / MEAN_STEP;
    match code.round() {
        code if code.is_nan() || code < 1.0 => 0,
        code if value < 0.0 => code as u16 | NEGATIVE,
        code => code as u16,
    }
}

/// An error is never told as 0 where there is one.
fn error_code(error: f64, largest: f64) -> u8 {
    if error <= 0.0 {
        return 0;
    }
    let code = f64::from(ERROR_CODES) + (error / largest).ln() / ERROR_STEP;
    code.round().max(1.0) as u8
}

/// Of every row: the first tube voltage, then what the next ones differ by; of both what a plane differs from the one below.
fn differences(codes: &[u16], [voltages, planes]: [usize; 2]) -> Vec<u16> {
    let from_voltage = |at: usize| match at / planes % voltages {
        0 => codes[at],
        _ => codes[at].wrapping_sub(codes[at - planes]),
    };
    let from_plane = |at: usize| match at % planes {
        0 => from_voltage(at),
        _ => from_voltage(at).wrapping_sub(from_voltage(at - 1)),
    };
    (0..codes.len()).map(from_plane).collect()
}

/// Low bytes, then high bytes.
fn push_words(bytes: &mut Vec<u8>, words: &[u16]) {
    bytes.extend(words.iter().map(|word| word.to_le_bytes()[0]));
    bytes.extend(words.iter().map(|word| word.to_le_bytes()[1]));
}

/// Share of an organ's mass up to the upper face of every slice, of 65535, organ by organ.
fn cumulative_shares(profile: &OrganProfile) -> Vec<u16> {
    let slices_g = profile.slices_g();
    let organs = slices_g.first().map_or(0, Vec::len);
    let shares = |organ: usize| {
        let whole_g: f64 = slices_g.iter().map(|slice| slice[organ]).sum();
        let mut sum_g = 0.0;
        slices_g.iter().map(move |slice| {
            sum_g += slice[organ];
            if whole_g > 0.0 { (sum_g / whole_g * 65_535.0).round() as u16 } else { 0 }
        })
    };
    (0..organs).flat_map(shares).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn means_are_told_to_a_fortieth_of_a_per_cent_with_their_sign() {
        for value in [1.0, 0.3, -0.02, 1e-4, 3e-7] {
            let code = mean_code(value, 1.0);
            let told = ((f64::from(code & MEAN_CODES) - f64::from(MEAN_CODES)) * MEAN_STEP).exp();
            assert!((told / f64::abs(value) - 1.0).abs() < 2.6e-4, "{value} is told as {told}");
            assert_eq!(code & NEGATIVE != 0, value < 0.0);
        }
        assert_eq!([mean_code(0.0, 1.0), mean_code(1e-9, 1.0), mean_code(0.0, 0.0)], [0; 3]);
        assert_eq!([error_code(0.0, 1.0), error_code(1e-9, 1.0), error_code(1.0, 1.0)], [0, 1, 255]);
    }

    #[test]
    fn differences_add_up_to_the_codes() {
        let codes = [7_u16, 9, 4, 8, 20, 1, 0, 65_535, 3, 2, 2, 2];
        let mut back = differences(&codes, [2, 3]);
        for at in 0..back.len() {
            if at % 3 > 0 {
                back[at] = back[at].wrapping_add(back[at - 1]);
            }
        }
        for at in 0..back.len() {
            if at / 3 % 2 > 0 {
                back[at] = back[at].wrapping_add(back[at - 3]);
            }
        }
        assert_eq!(back, codes);
    }
}
