//! Keys that the panel does not know, at every level of a file: an edit leaves every byte of them as it was.

use super::{tests::one, *};

/// Values of every style, some of which look like what is edited. Their lines after the first are indented further.
const VALUES: [&str; 14] = [
    " plain > 5",
    " 'single # no comment'",
    " \"double \\\"quoted\\\" for: 5m\"",
    " [1, {expr: up > 5}, x]",
    " {for: 5m, severity: page, alert: A}",
    " |\n  expr: up > 5\n  for: 5m",
    " >-\n  folded > 5\n  text",
    " null",
    "",
    "\n  alert: A\n  expr: up > 5\n  for: 5m\n  labels:\n    severity: page",
    "\n- alert: A\n  expr: up > 5\n- x",
    " 5 # behind it",
    " &anchor value",
    " 5m\n# a comment of its own\n\n",
];

/// Some keys that nobody knows, at a depth.
fn keys(picked: &[usize], from: usize, depth: usize) -> String {
    let pad = " ".repeat(depth);
    let mut text = String::new();
    for (at, value) in picked.iter().enumerate() {
        let value = VALUES[*value].replace("anchor", &format!("anchor{}", from + at));
        for line in format!("x-{}:{value}", from + at).lines() {
            text.push_str(if line.is_empty() { "" } else { &pad });
            text.push_str(line);
            text.push('\n');
        }
    }
    text
}

/// What an edit may change of the file.
#[derive(Clone)]
struct Known {
    expr: &'static str,
    hold: &'static str,
    severity: &'static str,
    summary: &'static str,
}

const BEFORE: Known = Known { expr: "up > 5", hold: "5m", severity: "page", summary: "'it is down'" };

fn file(places: &[Vec<usize>; 6], known: &Known, line_end: &str) -> String {
    let at = |index: usize, depth| keys(&places[index], index * 10, depth);
    let text = format!(
        "{}groups:\n- name: g # the group\n{}  rules:\n  - alert: A\n{}    expr: {} # why\n{}    for: {}\n    \
            labels:\n      \
            severity: {}\n      team: x\n    annotations: {{summary: {}}}\n{}  - record: a:b\n    expr: up > 5\n{}",
        at(0, 0),
        at(1, 2),
        at(2, 4),
        known.expr,
        at(3, 4),
        known.hold,
        known.severity,
        known.summary,
        at(4, 4),
        at(5, 0),
    );
    text.replace('\n', line_end)
}

proptest::proptest! {
    #[test]
    fn keys_of_a_rule_file_that_the_panel_does_not_know_survive_every_edit(
        places in proptest::array::uniform6(proptest::collection::vec(0..VALUES.len(), 0..3)),
        windows: bool,
    ) {
        let line_end = if windows { "\r\n" } else { "\n" };
        let before = file(&places, &BEFORE, line_end);
        for (set, after) in [
            (Set::Threshold(7.0, None), Known { expr: "up > 7", ..BEFORE }),
            (Set::Expr("up >= 1".into()), Known { expr: "up >= 1", ..BEFORE }),
            (Set::Hold("10m".into()), Known { hold: "10m", ..BEFORE }),
            (Set::Label("severity".into(), Some("ticket".into())), Known { severity: "ticket", ..BEFORE }),
            (
                Set::Annotation("summary".into(), Some("it is late".into())),
                Known { summary: "'it is late'", ..BEFORE },
            ),
        ] {
            let edited = super::edit(&before, &[one("A", set.clone())]);
            proptest::prop_assert_eq!(edited, Ok(file(&places, &after, line_end)), "{:?}", set);
        }
    }
}

#[test]
fn generated_files_have_unknown_keys_that_are_read() {
    let places: [Vec<usize>; 6] = std::array::from_fn(|at| vec![at, (at * 3 + 7) % VALUES.len()]);
    let text = file(&places, &BEFORE, "\n");
    let read: Value = yaml_serde::from_str(&text).unwrap();
    assert!(read.get("x-0").is_some() && read["groups"][0]["rules"][0].get("x-30").is_some(), "{text}");
}
