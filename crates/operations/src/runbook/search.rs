//! Full-text search over all pages: a section is found when it, or its page's title, has every word. Pure.

use std::cmp::Reverse;

use aether_contract::{ErrorCode, PanelError, RunbookHit, RunbookHits};

use super::{Library, parse::Page};
use aether_foundation::text::truncate;

/// Most hits of an answer.
const MAX_HITS: usize = 100;
/// Longest question, in characters, and most words of it.
const MAX_ASKED: (usize, usize) = (200, 12);

/// Searches.
///
/// # Errors
/// `invalid-request` without a word, or with too many.
pub fn search(library: &Library, text: &str) -> Result<RunbookHits, PanelError> {
    let words: Vec<String> = text.split_whitespace().map(str::to_lowercase).collect();
    if words.is_empty() || words.len() > MAX_ASKED.1 || text.chars().count() > MAX_ASKED.0 {
        let words = format!("Enter 1 to {} words to search for.", MAX_ASKED.1);
        return Err(PanelError::new(ErrorCode::InvalidRequest, "runbook_search", words));
    }
    let mut hits: Vec<(u32, RunbookHit)> = library
        .pages
        .iter()
        .flat_map(|page| parts(page).filter_map(|part| hit(page, &part, &words)))
        .collect();
    hits.sort_by_key(|(rank, _)| Reverse(*rank));
    let total = u32::try_from(hits.len()).unwrap_or(u32::MAX);
    Ok(RunbookHits { hits: hits.into_iter().take(MAX_HITS).map(|(_, hit)| hit).collect(), total })
}

struct Part {
    title: String,
    text: String,
}

/// The page's begin, its sections, and its steps as part of the diagnosis.
fn parts(page: &Page) -> impl Iterator<Item = Part> {
    let begin = Part { title: String::new(), text: format!("{}\n{}", page.first, page.intro) };
    let sections = page.sections.iter().map(|section| {
        let mut text = section.markdown.clone();
        if section.title.eq_ignore_ascii_case("diagnosis") {
            for step in &page.steps {
                text.push_str(&format!("\n{}\n{}\n{}", step.title, step.query, step.if_red));
            }
        }
        Part { title: section.title.clone(), text }
    });
    std::iter::once(begin).chain(sections).collect::<Vec<_>>().into_iter()
}

/// The section if it fits, with how well.
fn hit(page: &Page, part: &Part, words: &[String]) -> Option<(u32, RunbookHit)> {
    let title = format!("{} {}", page.title, page.name).to_lowercase();
    let heading = part.title.to_lowercase();
    let body = part.text.to_lowercase();
    let fits =
        words.iter().all(|word| [&title, &heading, &body].iter().any(|text| text.contains(word.as_str())));
    // What only the title has is told once: at the page's begin.
    let own = words.iter().any(|word| heading.contains(word.as_str()) || body.contains(word.as_str()));
    if !fits || !(own || part.title.is_empty()) {
        return None;
    }
    let count = |text: &str| words.iter().filter(|word| text.contains(word.as_str())).count();
    // The first of equals; `max_by_key` alone takes the last.
    let best =
        part.text.lines().enumerate().max_by_key(|(at, line)| (count(&line.to_lowercase()), Reverse(*at)));
    let line =
        best.map(|(_, line)| line).filter(|line| count(&line.to_lowercase()) > 0).unwrap_or(&page.first);
    let rank = 100 * u32::try_from(count(&title)).unwrap_or(0)
        + 10 * u32::try_from(count(&heading)).unwrap_or(0)
        + u32::try_from(words.iter().map(|word| body.matches(word.as_str()).count().min(5)).sum::<usize>())
            .unwrap_or(0);
    Some((
        rank,
        RunbookHit {
            id: page.id.clone(),
            title: truncate(&page.title, 200),
            source: page.source,
            section: truncate(&part.title, 200),
            line: truncate(line.trim(), 240),
        },
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use aether_foundation::stack::Profile;

    fn found(text: &str) -> Vec<(String, String, String)> {
        let library = Library::read(&Profile::builtin());
        search(&library, text).unwrap().hits.into_iter().map(|hit| (hit.id, hit.section, hit.line)).collect()
    }

    #[test]
    fn every_word_has_to_be_there_and_a_title_comes_first() {
        let hits = found("reranker down");
        assert!(hits.iter().any(|(id, section, _)| id == "LowConfidenceSpikeVIP" && section == "Mitigation"));
        assert!(hits.iter().all(|(_, _, line)| !line.is_empty()));
        assert_eq!(found("nobody-wrote-this"), []);
        assert_eq!(found("COSTABOVE200")[0].0, "CostAbove200");
        assert!(
            found("finance").iter().any(|(id, ..)| id == "ON_CALL_RUNBOOK"),
            "documents are searched, too"
        );
        let steps = found("prometheus_notifications_dropped_total");
        assert_eq!((steps[0].0.as_str(), steps[0].1.as_str()), ("MonitoringServiceDown", "Diagnosis"));
    }

    #[test]
    fn an_empty_or_endless_question_is_refused() {
        let library = Library::read(&Profile::builtin());
        for text in ["", "  ", &"a ".repeat(50), &"x".repeat(5000)] {
            assert_eq!(search(&library, text).unwrap_err().code, ErrorCode::InvalidRequest);
        }
    }
}
