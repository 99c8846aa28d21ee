//! Gauge values as text, by their unit. Units are named in stack profiles; an unknown one is written behind the value.

/// A value with its unit: `93.2 %`, `$1234.50`, `0.012 s`.
pub fn amount(value: f64, unit: &str) -> String {
    // Enough digits to see a change: whole thousands, tenths, thousandths.
    let digits = match value.abs() {
        v if v >= 1_000.0 => 0,
        v if v >= 1.0 || v == 0.0 => 1,
        _ => 3,
    };
    match unit {
        "percent" => format!("{value:.1} %"),
        "usd" if value < 0.0 => format!("-${:.2}", -value),
        "usd" => format!("${value:.2}"),
        "score" => format!("{value:.1}"),
        "" => format!("{value:.digits$}"),
        other => format!("{value:.digits$} {other}"),
    }
}

/// A threshold as the profile has it, with its unit: `50 %`, `0.05 USD`.
pub fn threshold(value: f64, unit: &str) -> String {
    match unit {
        "percent" => format!("{value} %"),
        "usd" => format!("{value} USD"),
        _ => format!("{value}"),
    }
}

/// Whether values of a unit have a fixed scale, from the gauge's lowest to its highest.
pub fn has_scale(unit: &str) -> bool {
    matches!(unit, "percent" | "score")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amount_carries_its_unit() {
        assert_eq!(amount(93.24, "percent"), "93.2 %");
        assert_eq!(amount(1234.5, "usd"), "$1234.50");
        assert_eq!(amount(-2.0, "usd"), "-$2.00");
        assert_eq!(amount(0.0, "ms"), "0.0 ms");
        assert_eq!(amount(0.0123, "s"), "0.012 s");
        assert_eq!(threshold(0.05, "usd"), "0.05 USD");
    }
}
