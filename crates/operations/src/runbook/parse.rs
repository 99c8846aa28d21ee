//! A page taken apart: sections, and the steps of its diagnosis. `docs/runbooks/README.md` describes the form.
//! What does not keep to it stays readable, and is told.

use aether_contract::{RunbookOutline, RunbookSource};

/// Most steps of a page.
const MAX_STEPS: usize = 60;
/// Most sections.
const MAX_SECTIONS: usize = 60;
/// The comparisons of a condition, the longer ones first.
const COMPARISONS: [&str; 6] = ["<=", ">=", "==", "!=", "<", ">"];

/// A page.
#[derive(Debug, Clone, PartialEq)]
pub struct Page {
    /// Id.
    pub id: String,
    /// Its name: what an alert is called that it is for.
    pub name: String,
    /// Where it comes from.
    pub source: RunbookSource,
    /// First heading.
    pub title: String,
    /// What to do first.
    pub first: String,
    /// What stands before the first section.
    pub intro: String,
    /// Sections.
    pub sections: Vec<Section>,
    /// Steps of the diagnosis.
    pub steps: Vec<Step>,
    /// What is wrong with its form.
    pub problems: Vec<String>,
    /// All of it, as it was written.
    pub text: String,
    /// Name of its file in the profile's folder; empty for a page that comes with the panel.
    pub file: String,
}

/// A section.
#[derive(Debug, Clone, PartialEq)]
pub struct Section {
    /// Heading.
    pub title: String,
    /// What stands below it; without the steps where it is the diagnosis.
    pub markdown: String,
}

/// A step.
#[derive(Debug, Clone, PartialEq)]
pub struct Step {
    /// The question.
    pub title: String,
    /// PromQL with placeholders.
    pub query: String,
    /// What is expected.
    pub expect: Option<Condition>,
    /// What to do when it does not hold.
    pub if_red: String,
    /// What is wrong with its form.
    pub problem: String,
}

/// A comparison with a number.
#[derive(Debug, Clone, PartialEq)]
pub struct Condition {
    /// `<`, `<=`, `>`, `>=`, `==` or `!=`.
    pub comparison: &'static str,
    /// The number.
    pub threshold: f64,
}

impl Condition {
    /// Reads one, e.g. `< 30`.
    pub fn read(text: &str) -> Option<Self> {
        let text = text.trim();
        let comparison = COMPARISONS.into_iter().find(|sign| text.starts_with(sign))?;
        let number: f64 = text.get(comparison.len()..)?.trim().parse().ok()?;
        number.is_finite().then_some(Self { comparison, threshold: number })
    }

    /// Whether a value fits. NaN fits nothing.
    pub fn fits(&self, value: f64) -> bool {
        match self.comparison {
            "<" => value < self.threshold,
            "<=" => value <= self.threshold,
            ">" => value > self.threshold,
            ">=" => value >= self.threshold,
            "==" => value == self.threshold,
            "!=" => !value.is_nan() && value != self.threshold,
            _ => false,
        }
    }
}

impl std::fmt::Display for Condition {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} {}", self.comparison, self.threshold)
    }
}

impl Page {
    /// Reads a page.
    pub fn read(name: &str, source: RunbookSource, text: &str) -> Self {
        let id = if source == RunbookSource::Own { format!("own/{name}") } else { name.to_owned() };
        let (intro, parts) = split(text, 2);
        let title = intro
            .lines()
            .find_map(|line| line.strip_prefix("# "))
            .map(|title| title.trim().to_owned())
            .filter(|title| !title.is_empty());
        let first = intro.lines().find_map(|line| line.trim().strip_prefix("**First:**"));
        let rest = |line: &&str| !line.starts_with("# ") && !line.trim().starts_with("**First:**");
        let mut page = Self {
            id,
            name: name.to_owned(),
            source,
            title: title.unwrap_or_else(|| name.to_owned()),
            first: first.map(|first| first.trim().to_owned()).unwrap_or_default(),
            intro: intro.lines().filter(rest).collect::<Vec<_>>().join("\n").trim().to_owned(),
            sections: Vec::new(),
            steps: Vec::new(),
            problems: Vec::new(),
            text: text.to_owned(),
            file: String::new(),
        };
        for (title, body) in parts {
            if page.sections.len() == MAX_SECTIONS {
                page.problems.push(format!("Only the first {MAX_SECTIONS} sections are shown."));
                break;
            }
            let diagnosis = source != RunbookSource::Document && title.eq_ignore_ascii_case("diagnosis");
            let markdown = if diagnosis { page.diagnosis(&body) } else { body.trim().to_owned() };
            page.sections.push(Section { title, markdown });
        }
        if source != RunbookSource::Document && page.steps.is_empty() {
            page.problems
                .push("It has no runnable steps: no `### ` heading below `## Diagnosis`.".to_owned());
        }
        for (index, step) in page.steps.iter().enumerate().filter(|(_, step)| !step.problem.is_empty()) {
            page.problems.push(format!("Step {}: {}", index + 1, step.problem));
        }
        page
    }

    /// Takes the steps, and leaves the rest.
    fn diagnosis(&mut self, body: &str) -> String {
        let (intro, parts) = split(body, 3);
        for (title, body) in parts {
            if self.steps.len() == MAX_STEPS {
                self.problems.push(format!("Only the first {MAX_STEPS} steps are shown."));
                break;
            }
            self.steps.push(step(&title, &body));
        }
        intro.trim().to_owned()
    }

    /// The page in brief.
    pub fn outline(&self) -> RunbookOutline {
        RunbookOutline {
            id: self.id.clone(),
            title: self.title.clone(),
            first: self.first.clone(),
            source: self.source,
            steps: u32::try_from(self.steps.len()).unwrap_or(u32::MAX),
            problems: self.problems.clone(),
        }
    }
}

fn step(title: &str, body: &str) -> Step {
    let (number, rest) = title.split_once(". ").unwrap_or(("", title));
    let plain = !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit());
    let title = if plain { rest.trim() } else { title };
    let mut queries = Vec::new();
    let mut outside = Vec::new();
    let mut fence = Fence::default();
    let mut block: Option<String> = None;
    for line in body.lines() {
        match (fence.take(line), &mut block) {
            (Mark::Opens("promql"), _) => block = Some(String::new()),
            (Mark::Closes, Some(_)) => queries.extend(block.take()),
            (Mark::Inside, Some(text)) => {
                text.push_str(line);
                text.push('\n');
            }
            (Mark::Outside, _) => outside.push(line),
            _ => {}
        }
    }
    let expected = outside.iter().find_map(|line| line.strip_prefix("Expect:")).map(str::trim);
    let expect = expected.and_then(|text| Condition::read(text.trim_matches('`')));
    let if_red = outside.iter().position(|line| line.starts_with("If red:")).map(|at| {
        let lines = outside.iter().skip(at).copied().collect::<Vec<_>>().join("\n");
        lines.trim_start_matches("If red:").trim().to_owned()
    });
    let problem = match (queries.as_slice(), expected, &expect) {
        ([], ..) => "it has no PromQL block".to_owned(),
        ([_, _, ..], ..) => "it has more than one PromQL block".to_owned(),
        (_, None, _) => "the `Expect:` line is missing".to_owned(),
        (_, Some(_), None) => {
            "the expected value must be a comparison with a number, such as `< 30`".to_owned()
        }
        _ if if_red.as_deref().unwrap_or_default().is_empty() => "the `If red:` line is missing".to_owned(),
        _ => String::new(),
    };
    Step {
        title: title.to_owned(),
        query: queries.into_iter().next().unwrap_or_default().trim().to_owned(),
        expect,
        if_red: if_red.unwrap_or_default(),
        problem,
    }
}

/// What a line is to the blocks of code.
#[derive(Debug, PartialEq)]
pub enum Mark<'a> {
    /// It stands in none.
    Outside,
    /// It begins one of this language.
    Opens(&'a str),
    /// It stands in one.
    Inside,
    /// It ends one.
    Closes,
}

/// The block of code that is open.
#[derive(Debug, Default)]
pub struct Fence(Option<(char, usize)>);

impl Fence {
    /// Looks at the next line.
    pub fn take<'a>(&mut self, line: &'a str) -> Mark<'a> {
        let trimmed = line.trim_start();
        let sign = trimmed.chars().next().filter(|c| matches!(c, '`' | '~'));
        let length = sign.map_or(0, |sign| trimmed.chars().take_while(|c| *c == sign).count());
        let indented = line.len() - trimmed.len() > 3;
        let rest = trimmed.get(length..).unwrap_or_default().trim();
        match (self.0, sign) {
            (None, Some(sign)) if length >= 3 && !indented && !(sign == '`' && rest.contains('`')) => {
                self.0 = Some((sign, length));
                Mark::Opens(rest)
            }
            (None, _) => Mark::Outside,
            (Some((open, least)), Some(sign))
                if sign == open && length >= least && rest.is_empty() && !indented =>
            {
                self.0 = None;
                Mark::Closes
            }
            (Some(_), _) => Mark::Inside,
        }
    }
}

/// What stands before the first heading of this level, and each heading with what stands below it. A `#` in a block of
/// code is none.
fn split(text: &str, level: usize) -> (String, Vec<(String, String)>) {
    let mark = format!("{} ", "#".repeat(level));
    let mut fence = Fence::default();
    let mut intro = String::new();
    let mut parts: Vec<(String, String)> = Vec::new();
    for line in text.lines() {
        let outside = fence.take(line) == Mark::Outside;
        if let (true, Some(title)) = (outside, line.strip_prefix(&mark)) {
            parts.push((title.trim().to_owned(), String::new()));
            continue;
        }
        let into = parts.last_mut().map_or(&mut intro, |(_, body)| body);
        into.push_str(line);
        into.push('\n');
    }
    (intro, parts)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::runbook::bundled;

    #[test]
    fn every_bundled_runbook_has_its_sections_and_only_sound_steps() {
        for (name, text) in bundled::RUNBOOKS {
            let page = Page::read(name, RunbookSource::Bundled, text);
            let titles: Vec<&str> = page.sections.iter().map(|section| section.title.as_str()).collect();
            assert_eq!(titles, ["Meaning", "Impact", "Diagnosis", "Mitigation", "Escalation"], "{name}");
            assert_eq!(page.problems, Vec::<String>::new(), "{name}");
            assert!(page.steps.len() >= 3 && !page.first.is_empty(), "{name}");
            assert!(!page.steps.iter().any(|step| step.if_red.contains("Expect")), "{name}");
        }
    }

    #[test]
    fn what_does_not_keep_to_the_form_stays_readable_and_is_told() {
        let text = "# Own\n\n## Diagnosis\n\nLook first.\n\n### Is it cold?\n\n```promql\nup\n```\n\nExpect: \
            warm\n\n### 2. No query\n\nExpect: `> 1`\n\n## Free\n\n```sh\n## no heading\n```\nend\n";
        let page = Page::read("Own", RunbookSource::Own, text);
        assert_eq!((page.id.as_str(), page.title.as_str(), page.steps.len()), ("own/Own", "Own", 2));
        assert_eq!(page.sections[0].markdown, "Look first.");
        assert_eq!(page.sections[1].title, "Free");
        assert!(page.sections[1].markdown.contains("## no heading"));
        assert_eq!(page.steps[1].title, "No query");
        let told = page.problems.join("\n");
        assert!(
            told.contains("Step 1: the expected value") && told.contains("Step 2: it has no PromQL block"),
            "{told}"
        );
    }

    #[test]
    fn a_page_of_anything_is_read_without_end() {
        for text in ["", "#", "## ", "```", "~~~\n## x\n~~~", "## Diagnosis\n### \n```promql\n", "\u{202e}\0"]
        {
            let page = Page::read("x", RunbookSource::Own, text);
            assert!(!page.problems.is_empty(), "{text:?}");
        }
        let many = "## s\n".repeat(10_000) + "## Diagnosis\n" + &"### q\n".repeat(10_000);
        let page = Page::read("x", RunbookSource::Own, &many);
        assert!(page.sections.len() <= MAX_SECTIONS && page.steps.len() <= MAX_STEPS);
    }

    #[test]
    fn conditions_are_comparisons_with_a_finite_number() {
        let good = [("< 30", 29.9, true), (">=1", 1.0, true), ("== 0", 0.0, true), ("!= 0", f64::NAN, false)];
        for (text, value, fits) in good {
            assert_eq!(Condition::read(text).unwrap().fits(value), fits, "{text}");
        }
        for text in ["", "30", "< x", "< NaN", "< inf", "=< 3", "about 3"] {
            assert_eq!(Condition::read(text), None, "{text}");
        }
    }
}
