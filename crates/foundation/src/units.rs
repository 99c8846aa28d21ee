//! Values as text, by their unit: the same digits as in the window (`ui/src/lib/format/number.ts`). Units are named in
//! stack profiles; an unknown one is written behind the value.

/// A value with its unit: `93.2 %`, `$1,235`, `57/100`, `0.0120 s`.
pub fn amount(value: f64, unit: &str) -> String {
    if !value.is_finite() {
        return value.to_string();
    }
    match unit {
        "percent" => percent(value),
        "usd" => format!("{}${}", if value < 0.0 { "-" } else { "" }, money(value.abs())),
        "score" if value.abs() < 1_000.0 => {
            let text = fixed(value, 1);
            format!("{}/100", text.strip_suffix(".0").unwrap_or(&text))
        }
        "score" => format!("{}/100", free(value)),
        "" => bare(value),
        other => format!("{} {other}", free(value)),
    }
}

/// A share: one decimal, and never rounded up to all or down to nothing.
pub fn percent(value: f64) -> String {
    match value {
        v if v.abs() >= 1_000.0 => format!("{} %", free(v)),
        v if (99.95..100.0).contains(&v) => "> 99.9 %".to_owned(),
        v if v > 0.0 && v < 0.05 => "< 0.1 %".to_owned(),
        v => format!("{} %", fixed(v, 1)),
    }
}

/// A value whose unit is unknown.
pub fn bare(value: f64) -> String {
    if !value.is_finite() {
        return value.to_string();
    }
    if value.fract() == 0.0 && value.abs() < 1e6 { fixed(value, 0) } else { free(value) }
}

/// A threshold as the profile has it, with its unit: `50 %`, `$0.05`.
pub fn threshold(value: f64, unit: &str) -> String {
    let exact = if value.fract() != 0.0 {
        value.to_string()
    } else if value.abs() < 1e6 {
        fixed(value, 0)
    } else {
        free(value)
    };
    match unit {
        "percent" => format!("{exact} %"),
        "usd" => format!("${exact}"),
        "score" | "" => exact,
        other => format!("{exact} {other}"),
    }
}

/// Whether values of a unit have a fixed scale, from the gauge's lowest to its highest.
pub fn has_scale(unit: &str) -> bool {
    matches!(unit, "percent" | "score")
}

fn money(value: f64) -> String {
    match value {
        v if v < 1_000.0 => fixed(v, 2),
        v if v < 1e6 => fixed(v, 0),
        v => free(v),
    }
}

/// Enough digits to see a change.
fn free(value: f64) -> String {
    match value.abs() {
        v if v >= 1e15 || (v > 0.0 && v < 1e-4) => {
            let text = format!("{value:.1e}");
            if text.contains("e-") { text } else { text.replace('e', "e+") }
        }
        v if v >= 1e6 => short(value),
        v if v >= 100.0 => fixed(value, 0),
        v if v >= 10.0 => fixed(value, 1),
        v if v >= 1.0 || v == 0.0 => fixed(value, 2),
        _ => fixed(value, 4),
    }
}

/// Four significant digits and the order of magnitude: `1.235M`.
fn short(value: f64) -> String {
    let mut scaled = value.abs();
    let mut suffix = "";
    for next in ["K", "M", "B", "T"] {
        if scaled < 999.95 {
            break;
        }
        (scaled, suffix) = (scaled / 1_000.0, next);
    }
    let digits = match scaled {
        v if v >= 100.0 => 1,
        v if v >= 10.0 => 2,
        _ => 3,
    };
    let text = fixed(scaled, digits);
    let text = text.trim_end_matches('0').trim_end_matches('.');
    format!("{}{text}{suffix}", if value < 0.0 { "-" } else { "" })
}

/// Rounded half away from zero, with separators of thousands, and never a negative zero.
fn fixed(value: f64, digits: usize) -> String {
    let scale = 10_f64.powi(i32::try_from(digits).unwrap_or(0));
    let text = format!("{:.digits$}", (value.abs() * scale).round() / scale);
    let (whole, rest) =
        text.split_once('.').map_or((text.as_str(), None), |(whole, rest)| (whole, Some(rest)));
    let mut grouped = String::new();
    for (index, digit) in whole.chars().enumerate() {
        if index > 0 && (whole.len() - index).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    let zero = text.chars().all(|c| matches!(c, '0' | '.'));
    let sign = if value < 0.0 && !zero { "-" } else { "" };
    rest.map_or_else(|| format!("{sign}{grouped}"), |rest| format!("{sign}{grouped}.{rest}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amount_carries_its_unit() {
        assert_eq!(amount(93.24, "percent"), "93.2 %");
        assert_eq!(amount(1234.5, "usd"), "$1,235");
        assert_eq!(amount(-2.0, "usd"), "-$2.00");
        assert_eq!(amount(0.0, "ms"), "0.00 ms");
        assert_eq!(amount(0.0123, "s"), "0.0123 s");
        assert_eq!(threshold(0.05, "usd"), "$0.05");
        assert_eq!(threshold(500.0, "ms"), "500 ms");
    }

    /// The same table as in `ui/src/lib/format/format.test.ts`.
    #[test]
    fn numbers_have_the_same_digits_in_the_window_and_in_the_shell() {
        for (value, unit, text) in [
            (100.0, "percent", "100.0 %"),
            (99.97, "percent", "> 99.9 %"),
            (99.94, "percent", "99.9 %"),
            (9.46, "percent", "9.5 %"),
            (0.01, "percent", "< 0.1 %"),
            (0.0, "percent", "0.0 %"),
            (57.0, "score", "57/100"),
            (57.25, "score", "57.3/100"),
            (61.2, "usd", "$61.20"),
            (12345.6, "usd", "$12,346"),
            (4.2, "answers/s", "4.20 answers/s"),
            (41.25, "ms", "41.3 ms"),
            (1_234_567.0, "ms", "1.235M ms"),
            (0.000_012, "s", "1.2e-5 s"),
        ] {
            assert_eq!(amount(value, unit), text, "{value} {unit}");
        }
        assert_eq!([bare(74.623), bare(3.0), bare(12_000.0)], ["74.6", "3", "12,000"]);
    }
}
