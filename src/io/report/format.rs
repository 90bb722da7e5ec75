//! Numbers for eyes: filters of the templates.

use minijinja::Value;

/// So many significant digits; a dash for what is not a number.
pub fn digits(value: &Value, count: usize) -> String {
    match f64::try_from(value.clone()) {
        Ok(number) if number.is_finite() => significant(number, count),
        _ => "–".to_owned(),
    }
}

/// A difference with its sign and so many decimals; a dash for what is not a number.
pub fn signed(value: &Value, decimals: usize) -> String {
    match f64::try_from(value.clone()) {
        Ok(number) if number.is_finite() => format!("{number:+.decimals$}").replace('-', "\u{2212}"),
        _ => "–".to_owned(),
    }
}

/// A number that was set: four significant digits, without zeros at the end.
pub fn setting(value: &Value) -> String {
    let text = digits(value, 4);
    match text.contains('.') && !text.contains('e') {
        true => text.trim_end_matches('0').trim_end_matches('.').to_owned(),
        false => text,
    }
}

/// A whole number with a space at every thousand.
pub fn whole(value: &Value) -> String {
    let Ok(number) = f64::try_from(value.clone()) else { return "–".to_owned() };
    let digits = format!("{number:.0}");
    let mut text = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push('\u{202f}');
        }
        text.push(digit);
    }
    text
}

/// Relative standard error of an estimate `{ value, standard_error }`, percent.
pub fn percent_error(estimate: &Value) -> String {
    match parts(estimate) {
        Some((mean, error)) if mean != 0.0 => significant((100.0 * error / mean).abs(), 2),
        _ => "–".to_owned(),
    }
}

/// Whether the relative standard error of an estimate is small enough for a chart.
pub fn is_precise(estimate: &Value) -> bool {
    matches!(parts(estimate), Some((mean, error)) if mean > 0.0 && error <= 0.25 * mean)
}

/// Value and standard error of an estimate.
fn parts(estimate: &Value) -> Option<(f64, f64)> {
    let part = |name: &str| estimate.get_attr(name).ok().and_then(|value| f64::try_from(value).ok());
    Some((part("value")?, part("standard_error")?))
}

/// A number as a share of another, percent for a style sheet, from 0 to 100: what would leave a chart ends at its edge.
pub fn share(value: f64, of: f64) -> String {
    let percent = if of > 0.0 { 100.0 * value / of } else { 0.0 };
    format!("{:.2}", percent.clamp(0.0, 100.0))
}

/// So many significant digits.
pub fn significant(number: f64, count: usize) -> String {
    if number == 0.0 {
        return "0".to_owned();
    }
    let magnitude = number.abs().log10().floor() as i32;
    let decimals = count as i32 - 1 - magnitude;
    match decimals {
        _ if !(-4..=6).contains(&magnitude) => format!("{number:.*e}", count - 1),
        0.. => format!("{number:.*}", decimals as usize),
        _ => {
            let step = 10_f64.powi(-decimals);
            format!("{:.0}", (number / step).round() * step)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_keep_their_significant_digits() {
        let shown = |number: f64| digits(&Value::from(number), 3);
        assert_eq!([1234.5, 12.345, 0.012_345, 0.0].map(shown), ["1230", "12.3", "0.0123", "0"]);
        assert_eq!(shown(1.2345e-7), "1.23e-7");
        assert_eq!(digits(&Value::from(()), 3), "–");
        assert_eq!([-1.234, 0.5].map(|number| signed(&Value::from(number), 2)), ["\u{2212}1.23", "+0.50"]);
        assert_eq!(whole(&Value::from(1_234_567)), "1\u{202f}234\u{202f}567");
        assert_eq!(
            [100.0, 0.984, 0.5, 403.44].map(|number| setting(&Value::from(number))),
            ["100", "0.984", "0.5", "403.4"]
        );
    }
}
