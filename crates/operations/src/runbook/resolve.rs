//! Which page fits an alert: an own one of its name, a bundled one of its name, the one that its `runbook_url`
//! names, or the one that fits any. Pure.

use aether_contract::{AlertRow, RunbookMatch, RunbookSource};

use super::{Library, parse::Page};
use aether_foundation::{matching::title, text::truncate, web::safe_url};

/// Names of the annotation.
const ANNOTATIONS: [&str; 4] = ["runbook_url", "runbook", "runbookUrl", "runbook_link"];

/// What was found.
pub struct Fit<'a> {
    /// The page.
    pub page: &'a Page,
    /// How.
    pub found: RunbookMatch,
    /// A page elsewhere.
    pub link: Option<String>,
    /// Why the annotation was not followed.
    pub link_problem: String,
}

/// The page for an alert; none only when the library has no generic one.
pub fn fit<'a>(library: &'a Library, alert: &AlertRow) -> Option<Fit<'a>> {
    let note = ANNOTATIONS.iter().find_map(|name| alert.annotations.get(*name)).map(|note| note.trim());
    let (named, link, link_problem) = match note.filter(|note| !note.is_empty()).map(target) {
        None => (None, None, String::new()),
        Some(Target::Page(name)) => match library.named(name) {
            Some(page) => (Some(page), None, String::new()),
            None => {
                let words =
                    format!("runbook_url refers to the page {}, which does not exist.", truncate(name, 80));
                (None, None, words)
            }
        },
        Some(Target::Link(url)) => (None, Some(url), String::new()),
        Some(Target::Nothing) => {
            (None, None, "runbook_url is neither an HTTP(S) address nor a page of this project.".to_owned())
        }
    };
    let of = |source: RunbookSource| {
        library.pages.iter().find(|page| page.source == source && page.name == alert.name)
    };
    let (page, found) = if let Some(own) = of(RunbookSource::Own) {
        (own, RunbookMatch::Own)
    } else if let Some(bundled) = of(RunbookSource::Bundled) {
        (bundled, RunbookMatch::Bundled)
    } else if let Some(named) = named {
        (named, RunbookMatch::Annotation)
    } else {
        (library.generic()?, RunbookMatch::Generic)
    };
    Some(Fit { page, found, link, link_problem })
}

/// What an annotation names.
#[derive(Debug, PartialEq)]
enum Target<'a> {
    /// A page of `docs/runbooks`, by its name.
    Page(&'a str),
    /// A page elsewhere.
    Link(String),
    /// Nothing that may be opened.
    Nothing,
}

fn target(note: &str) -> Target<'_> {
    let path = note.split(['#', '?']).next().unwrap_or_default();
    if let Some(name) = page_of(path) {
        return Target::Page(name);
    }
    safe_url(note).map_or(Target::Nothing, Target::Link)
}

/// `NAME` of `docs/runbooks/NAME.md`, whether it stands alone or at the end of an address.
fn page_of(path: &str) -> Option<&str> {
    let (before, name) = path.rsplit_once('/')?;
    let name = name.strip_suffix(".md")?;
    let ours = before == "docs/runbooks" || before == "./docs/runbooks" || before.ends_with("/docs/runbooks");
    // Of an address only one that could be opened, too.
    let sound = !before.contains(':') || safe_url(path).is_some();
    (ours && sound && !name.is_empty() && !name.contains('%')).then_some(name)
}

/// A page to begin with, for an alert that has none.
pub fn template(alert: &AlertRow, expression: Option<&str>) -> String {
    let plain = |text: &str| {
        truncate(text, 200).chars().map(|c| if c.is_control() { ' ' } else { c }).collect::<String>()
    };
    let name = plain(&title(&alert.name, &alert.labels));
    let summary = alert.annotations.get("summary").map(|text| plain(text)).unwrap_or_default();
    let query = expression.filter(|text| !text.contains("```")).map_or("up", str::trim);
    format!(
        "# {name}\n\n**First:** acknowledge it, and …\n\n## Meaning\n\n{summary}\n\n## Impact\n\nWho is \
            affected, and how.\n\n## Diagnosis\n\n### 1. Is the condition still \
            true?\n\n```promql\n{query}\n```\n\nExpect: `< 1`\n\nIf red: continue below.\n\n## \
            Mitigation\n\n1. What helped last time.\n\n## Escalation\n\nWho to call, and when.\n"
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use aether_foundation::stack::Profile;
    use aether_foundation::testing::row;

    fn library(own: &[&str]) -> Library {
        let mut library = Library::read(&Profile::builtin());
        let pages = own.iter().map(|name| Page::read(name, RunbookSource::Own, "# Own\n"));
        library.pages.splice(0..0, pages);
        library
    }

    fn found(library: &Library, name: &str, url: &str) -> (String, RunbookMatch, Option<String>, String) {
        let mut alert = row(&[("alertname", name)]);
        if !url.is_empty() {
            alert.annotations.insert("runbook_url".to_owned(), url.to_owned());
        }
        let fit = fit(library, &alert).unwrap();
        (fit.page.id.clone(), fit.found, fit.link, fit.link_problem)
    }

    #[test]
    fn an_own_page_stands_before_a_bundled_one_and_that_before_the_annotation() {
        let library = library(&["LowConfidenceSpike", "Disk"]);
        let at = |name: &str, url: &str| {
            let found = found(&library, name, url);
            (found.0, found.1)
        };
        assert_eq!(at("LowConfidenceSpike", "").0, "own/LowConfidenceSpike");
        assert_eq!(at("Disk", "docs/runbooks/NoRecentTraffic.md"), ("own/Disk".into(), RunbookMatch::Own));
        assert_eq!(at("CacheEffectivenessDrop", "docs/runbooks/triage.md").1, RunbookMatch::Bundled);
        for url in [
            "docs/runbooks/NoRecentTraffic.md",
            "docs/runbooks/NoRecentTraffic.md#diagnosis",
            "https://git.example/a/b/blob/main/docs/runbooks/NoRecentTraffic.md?plain=1",
        ] {
            assert_eq!(at("Other", url), ("NoRecentTraffic".into(), RunbookMatch::Annotation), "{url}");
        }
        assert_eq!(at("Other", "docs/runbooks/Disk.md").0, "own/Disk");
    }

    #[test]
    fn an_alert_without_a_page_gets_the_generic_one_and_its_link_if_that_may_be_opened() {
        let library = library(&[]);
        let (page, how, link, _) = found(&library, "Other", "https://wiki.example/other");
        assert_eq!((page.as_str(), how), ("triage", RunbookMatch::Generic));
        assert_eq!(link.as_deref(), Some("https://wiki.example/other"));
        for url in [
            "javascript:alert(1)",
            "docs/runbooks/../../etc/passwd",
            "/etc/passwd",
            "javascript:/docs/runbooks/triage.md",
        ] {
            let (page, how, link, problem) = found(&library, "Other", url);
            assert_eq!((page.as_str(), how, link), ("triage", RunbookMatch::Generic, None), "{url}");
            assert!(problem.contains("neither"), "{url}: {problem}");
        }
        let (.., problem) = found(&library, "Other", "docs/runbooks/Gone.md");
        assert!(problem.contains("does not exist"), "{problem}");
        assert_eq!(found(&library, "", "").1, RunbookMatch::Generic);
    }

    #[test]
    fn the_template_is_a_page_with_a_sound_step() {
        let mut alert = row(&[("alertname", "Disk\n## Full")]);
        alert.annotations.insert("summary".into(), "The disk\nis full".into());
        let page = Page::read("Disk", RunbookSource::Own, &template(&alert, Some("disk_free < 5")));
        assert_eq!((page.steps.len(), page.problems.len()), (1, 0), "{:?}", page.problems);
        assert_eq!(page.sections.len(), 5);
        assert_eq!(page.title, "Disk ## Full");
        let nameless = template(&row(&[("job", "api")]), None);
        assert!(nameless.starts_with("# {job=\"api\"}\n"), "{nameless}");
    }
}
