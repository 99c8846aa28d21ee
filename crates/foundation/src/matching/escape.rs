//! Texts between quotes, written and read as Alertmanager's parser of UTF-8 matchers does. Pure.

use crate::text::is_harmless;

/// Appends a character of a quoted text. What would end the text or not be seen is escaped, so that it survives a
/// terminal and a clipboard.
pub(super) fn push(out: &mut String, c: char) {
    match c {
        '"' => out.push_str("\\\""),
        '\\' => out.push_str("\\\\"),
        '\n' => out.push_str("\\n"),
        '\r' => out.push_str("\\r"),
        '\t' => out.push_str("\\t"),
        '\u{7}' => out.push_str("\\a"),
        '\u{8}' => out.push_str("\\b"),
        '\u{b}' => out.push_str("\\v"),
        '\u{c}' => out.push_str("\\f"),
        c if is_harmless(c) => out.push(c),
        c => match u32::from(c) {
            code @ ..0x80 => out.push_str(&format!("\\x{code:02x}")),
            code @ ..0x1_0000 => out.push_str(&format!("\\u{code:04x}")),
            code => out.push_str(&format!("\\U{code:08x}")),
        },
    }
}

/// The value of what stands between two quotes. Where one of its escapes is none of Go's, as in `\d`, all of it is read
/// as Alertmanager's older parser does: then a backslash is an escape before a quote, itself and `n`, and else stands
/// for itself.
pub(super) fn value(raw: &str, quote: char) -> String {
    if !raw.contains('\\') {
        return raw.to_owned();
    }
    strict(raw, quote).unwrap_or_else(|| tolerant(raw))
}

/// As Go reads it (`strconv.Unquote`); none for what it refuses.
fn strict(raw: &str, quote: char) -> Option<String> {
    if raw.contains('\n') {
        return None;
    }
    // `\xc3\xa9` are two bytes of one character.
    let mut bytes = Vec::with_capacity(raw.len());
    let mut rest = raw;
    while let Some(c) = rest.chars().next() {
        rest = rest.get(c.len_utf8()..)?;
        if c != '\\' {
            bytes.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes());
            continue;
        }
        let escape = rest.chars().next()?;
        let mut number = |skip: usize, digits: usize, radix: u32| {
            let text = rest.get(skip..skip + digits)?;
            rest = rest.get(skip + digits..)?;
            let valid = text.chars().all(|c| c.is_digit(radix));
            valid.then(|| u32::from_str_radix(text, radix).ok()).flatten()
        };
        match escape {
            'x' => bytes.push(u8::try_from(number(1, 2, 16)?).ok()?),
            '0'..='7' => bytes.push(u8::try_from(number(0, 3, 8)?).ok()?),
            'u' | 'U' => {
                let c = char::from_u32(number(1, if escape == 'u' { 4 } else { 8 }, 16)?)?;
                bytes.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes());
            }
            _ => {
                bytes.push(match escape {
                    'a' => 7,
                    'b' => 8,
                    't' => b'\t',
                    'n' => b'\n',
                    'v' => 11,
                    'f' => 12,
                    'r' => b'\r',
                    '\\' => b'\\',
                    '"' => b'"',
                    '\'' if quote == '\'' => b'\'',
                    _ => return None,
                });
                rest = rest.get(1..)?;
            }
        }
    }
    String::from_utf8(bytes).ok()
}

fn tolerant(raw: &str) -> String {
    let mut value = String::with_capacity(raw.len());
    let mut chars = raw.chars();
    while let Some(c) = chars.next() {
        match (c, c == '\\') {
            (_, false) => value.push(c),
            (_, true) => match chars.next() {
                Some('n') => value.push('\n'),
                Some(c @ ('"' | '\'' | '\\')) => value.push(c),
                Some(other) => value.extend(['\\', other]),
                None => value.push('\\'),
            },
        }
    }
    value
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escapes_are_read_as_alertmanager_reads_them() {
        for (raw, expected) in [
            (r"a\tb", "a\tb"),
            (r"\u0041\u200b\U0001f600\x41\101", "A\u{200b}\u{1f600}AA"),
            (r"\xc3\xa9", "é"),
            (r#"\a\b\f\n\r\t\v\\\""#, "\u{7}\u{8}\u{c}\n\r\t\u{b}\\\""),
            // What Go refuses is read by the older parser, all of it.
            (r"\d+\t", "\\d+\\t"),
            (r"\xff", "\\xff"),
            (r"\u12", "\\u12"),
            (r"\ud800", "\\ud800"),
            (r"\+1\u00411", "\\+1\\u00411"),
            (r"\x+1", "\\x+1"),
            (r"\400", "\\400"),
            ("a\n\\t", "a\n\\t"),
            (r"é\n", "é\n"),
            ("\\é\\n", "\\é\n"),
        ] {
            assert_eq!(value(raw, '"'), expected, "{raw}");
        }
        assert_eq!(value(r"it\'s \t", '\''), "it's \t");
    }

    #[test]
    fn what_is_not_seen_is_escaped() {
        let mut out = String::new();
        "a\u{0}\u{1b}\u{7f}\u{85}\u{202e}\u{e0041}\t\r\né".chars().for_each(|c| push(&mut out, c));
        assert_eq!(out, "a\\x00\\x1b\\x7f\\u0085\\u202e\\U000e0041\\t\\r\\né");
    }
}
