//! Test results as JUnit XML, which CI systems show.

use std::{fmt::Write as _, time::Duration};

use super::libtest::{Case, Outcome};

/// One suite with its tests.
pub fn suite(name: &str, cases: &[Case], took: Duration) -> String {
    let count = |wanted: fn(&Outcome) -> bool| cases.iter().filter(|case| wanted(&case.outcome)).count();
    let failures = count(|outcome| *outcome == Outcome::Failed);
    let skipped = count(|outcome| matches!(outcome, Outcome::Skipped(_)));
    let mut xml = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
    let (tests, seconds, suite) = (cases.len(), took.as_secs_f64(), escape(name));
    // Writing to a String does not fail.
    let _ = writeln!(
        xml,
        "<testsuite name=\"{suite}\" tests=\"{tests}\" failures=\"{failures}\" errors=\"0\" skipped=\"{skipped}\" \
         time=\"{seconds:.3}\">"
    );
    for case in cases {
        let (module, test) = case.name.rsplit_once("::").unwrap_or(("", &case.name));
        let class = [name, module].into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join("::");
        let _ = write!(xml, "  <testcase classname=\"{}\" name=\"{}\"", escape(&class), escape(test));
        let _ = match &case.outcome {
            Outcome::Passed => writeln!(xml, "/>"),
            Outcome::Skipped(why) => writeln!(xml, "><skipped message=\"{}\"/></testcase>", escape(why)),
            Outcome::Failed => writeln!(
                xml,
                "><failure message=\"{}\">{}</failure></testcase>",
                escape(message(&case.output)),
                escape(&case.output)
            ),
        };
    }
    xml.push_str("</testsuite>\n");
    xml
}

/// What a panic said: the line after the place where it happened.
fn message(output: &str) -> &str {
    let mut lines = output.lines().skip_while(|line| !line.contains(" panicked at "));
    lines.nth(1).or_else(|| output.lines().find(|line| !line.trim().is_empty())).unwrap_or("failed")
}

/// Text for XML. Control characters have no place there, escaped or not.
fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\n' | '\t' => escaped.push(c),
            '\u{fffe}' | '\u{ffff}' => escaped.push('\u{fffd}'),
            _ if c.is_control() => escaped.push('\u{fffd}'),
            _ => escaped.push(c),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn suite_counts_its_tests_and_escapes_what_they_printed() {
        let case =
            |name: &str, outcome, output: &str| Case { name: name.into(), outcome, output: output.into() };
        let cases = [
            case("files::kept", Outcome::Passed, ""),
            case("slow", Outcome::Skipped("no \"engine\"".into()), ""),
            case(
                "lost",
                Outcome::Failed,
                "thread 'lost' panicked at a.rs:1:2:\n<gone> & \u{1b}[31m\nnote: run",
            ),
        ];
        let xml = suite("core lib", &cases, Duration::from_millis(1_500));
        let wanted = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n\
            <testsuite name=\"core lib\" tests=\"3\" failures=\"1\" errors=\"0\" skipped=\"1\" time=\"1.500\">\n  \
            <testcase classname=\"core lib::files\" name=\"kept\"/>\n  \
            <testcase classname=\"core lib\" name=\"slow\">\
            <skipped message=\"no &quot;engine&quot;\"/></testcase>\n  \
            <testcase classname=\"core lib\" name=\"lost\"><failure message=\"&lt;gone&gt; &amp; \u{fffd}[31m\">\
            thread 'lost' panicked at a.rs:1:2:\n&lt;gone&gt; &amp; \u{fffd}[31m\nnote: run</failure></testcase>\n\
            </testsuite>\n";
        assert_eq!(xml, wanted);
    }
}
