//! Durations as users type them: `30m`, `1h30m`, `90s`, `2h`.

/// A duration in whole seconds, at least one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Span(pub u32);

const EXPECTED: &str = "expected a duration such as 30m, 1h30m, 90s or 2h";

/// Parses numbers with a unit (`d`, `h`, `m` or `min`, `s`), largest unit first. A bare number is refused: whether
/// it means seconds or minutes is a guess that mutes alerts for the wrong time.
pub fn parse_span(text: &str) -> Result<Span, String> {
    let mut rest = text.trim();
    if rest.is_empty() {
        return Err(EXPECTED.into());
    }
    let mut total: u32 = 0;
    let mut last_unit = u32::MAX;
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
        let (number, tail) = rest.split_at(digits);
        let letters = tail.find(|c: char| !c.is_ascii_alphabetic()).unwrap_or(tail.len());
        let (unit, next) = tail.split_at(letters);
        if number.is_empty() {
            return Err(EXPECTED.into());
        }
        let seconds = match unit.to_ascii_lowercase().as_str() {
            "s" | "sec" => 1,
            "m" | "min" => 60,
            "h" => 3_600,
            "d" => 86_400,
            "" => return Err(format!("{number} has no unit; {EXPECTED}")),
            other => return Err(format!("unknown unit {other:?}; {EXPECTED}")),
        };
        if seconds >= last_unit {
            return Err(format!("units must be in descending order, each used once; {EXPECTED}"));
        }
        last_unit = seconds;
        total = number
            .parse::<u32>()
            .ok()
            .and_then(|n| n.checked_mul(seconds))
            .and_then(|part| total.checked_add(part))
            .ok_or_else(|| format!("duration out of range; {EXPECTED}"))?;
        rest = next.trim_start();
    }
    if total == 0 {
        return Err("duration must be at least 1s".into());
    }
    Ok(Span(total))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_people_type_is_understood() {
        for (text, seconds) in [
            ("30m", 1_800),
            ("1h30m", 5_400),
            ("90s", 90),
            ("2h", 7_200),
            ("1d", 86_400),
            ("1h 5min 3s", 3_903),
            (" 15M ", 900),
        ] {
            assert_eq!(parse_span(text), Ok(Span(seconds)), "{text}");
        }
    }

    #[test]
    fn what_could_mean_two_things_is_refused_with_an_example() {
        for text in
            ["", "30", "m", "30x", "1m1h", "5m5m", "-5m", "1.5h", "٣m", "1h-", "99999999999h", "4294967295m"]
        {
            let error = parse_span(text).unwrap_err();
            assert!(error.contains("30m"), "{text}: {error}");
        }
        assert!(parse_span("0s").unwrap_err().contains("1s"));
    }
}
