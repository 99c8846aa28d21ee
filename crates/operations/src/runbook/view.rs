//! A page as it is shown: found for an alert, its labels filled in.

use std::sync::Arc;

use aether_contract::{
    AlertRow, ErrorCode, PanelError, RunbookMatch, RunbookOpenRequest, RunbookSection, RunbookSource,
    RunbookStep, RunbookView,
};

use super::{
    Library, actions,
    parse::{Page, Step},
    resolve,
    template::{self, Labels},
};
use crate::runbook::Runbooks;
use aether_alerting::alerts::detail::rule_of;
use aether_context::{alert_index::links::for_screen, session::StackSession};
use aether_foundation::task::blocking;

/// Most labels that may be given, and the longest value.
const MAX_LABELS: (usize, usize) = (100, 4096);

/// A page that was found, with all that was needed to find it.
pub struct Opened {
    /// As it is shown.
    pub view: RunbookView,
    /// The alert, whole.
    pub alert: Option<AlertRow>,
}

/// Opens a page, or the page of an alert.
///
/// # Errors
/// `not-found` for a page or an alert that is not there, `invalid-request` when nothing is named or a label is none.
pub async fn open(runbooks: &Runbooks, request: RunbookOpenRequest) -> Result<RunbookView, PanelError> {
    Ok(opened(runbooks, &runbooks.ctx.live(), request).await?.view)
}

/// As [`open`], with the alert.
///
/// # Errors
/// As [`open`].
pub async fn opened(
    runbooks: &Runbooks,
    live: &Arc<StackSession>,
    request: RunbookOpenRequest,
) -> Result<Opened, PanelError> {
    check(&request.labels)?;
    let (alert, expression) = match &request.fingerprint {
        None => (None, None),
        Some(fingerprint) => {
            let state = live.state();
            let row = state.index.rows.iter().find(|row| row.fingerprint == *fingerprint).cloned();
            let expression = row.as_ref().and_then(|row| rule_of(row, &state.prometheus.rules));
            (row, expression.map(|rule| rule.expression))
        }
    };
    // A page that is named can be read without its alert.
    if alert.is_none() && request.fingerprint.is_some() && request.id.is_none() {
        let words = "This alert is no longer listed.";
        return Err(PanelError::new(ErrorCode::NotFound, "runbook", words));
    }
    let profile = Arc::clone(&live.profile);
    let mut found = blocking(move || {
        let library = Library::read(&profile);
        let mut view = view(&library, &request, alert.as_ref(), expression.as_deref())?;
        if let Some(folder) = &profile.runbooks {
            let file = format!("{}.md", alert.as_ref().map_or("", |alert| alert.name.as_str()));
            view.template_place = folder.join(file.replace(['/', '\\'], "_")).display().to_string();
        }
        Ok(Opened { view, alert })
    })
    .await?;
    if let Some(row) = &mut found.view.alert {
        runbooks.escalation.annotate(&live.profile.name, std::slice::from_mut(row));
    }
    Ok(found)
}

fn check(labels: &Labels) -> Result<(), PanelError> {
    let refuse = |words: String| Err(PanelError::new(ErrorCode::InvalidRequest, "runbook", words));
    if labels.len() > MAX_LABELS.0 {
        return refuse(format!("At most {} labels can be set.", MAX_LABELS.0));
    }
    for (name, value) in labels {
        if !aether_foundation::matching::matcher::is_plain_name(name) {
            return refuse(format!(
                "Invalid label name \"{}\".",
                aether_foundation::text::truncate(name, 80)
            ));
        }
        if value.len() > MAX_LABELS.1 {
            return refuse(format!("The value of {name} is longer than {} bytes.", MAX_LABELS.1));
        }
    }
    Ok(())
}

/// Pure but for what the library has read.
fn view(
    library: &Library,
    request: &RunbookOpenRequest,
    alert: Option<&AlertRow>,
    expression: Option<&str>,
) -> Result<RunbookView, PanelError> {
    let fit = alert.and_then(|alert| resolve::fit(library, alert));
    let (page, found) = match (&request.id, &fit) {
        (Some(id), _) => (library.known(id)?, RunbookMatch::Asked),
        (None, Some(fit)) => (fit.page, fit.found),
        (None, None) => {
            let words = "Specify a runbook or an alert.";
            return Err(PanelError::new(ErrorCode::InvalidRequest, "runbook", words));
        }
    };
    let mut labels = request.labels.clone();
    labels.extend(alert.iter().flat_map(|alert| alert.labels.clone()));
    let mitigation = page.sections.iter().find(|section| section.title.eq_ignore_ascii_case("mitigation"));
    let lacks = found == RunbookMatch::Generic;
    let place = if lacks {
        "Set `dir` in `[runbooks]` in the stack's profile, and save this page there under the alert's name."
    } else {
        ""
    };
    Ok(RunbookView {
        id: page.id.clone(),
        title: page.title.clone(),
        source: page.source,
        first: template::markdown(&page.first, &labels),
        sections: sections(page, &labels),
        steps: steps(page, &labels),
        actions: mitigation.map(|part| actions::of(&part.markdown, &labels)).unwrap_or_default(),
        problems: page.problems.clone(),
        alert: alert.map(for_screen),
        found,
        link: fit.as_ref().and_then(|fit| fit.link.clone()),
        link_problem: fit.map(|fit| fit.link_problem).unwrap_or_default(),
        template: alert
            .filter(|_| lacks)
            .map(|alert| resolve::template(alert, expression))
            .unwrap_or_default(),
        template_place: place.to_owned(),
        labels,
    })
}

fn sections(page: &Page, labels: &Labels) -> Vec<RunbookSection> {
    // Placeholders in a document are examples, so they are not filled in.
    let told = |text: &str| match page.source {
        RunbookSource::Document => text.to_owned(),
        _ => template::markdown(text, labels),
    };
    let intro = Some(&page.intro).filter(|intro| !intro.is_empty());
    let intro = intro.map(|intro| RunbookSection { title: String::new(), markdown: told(intro) });
    let rest = page
        .sections
        .iter()
        .map(|section| RunbookSection { title: section.title.clone(), markdown: told(&section.markdown) });
    intro.into_iter().chain(rest).collect()
}

/// The steps, their queries filled in.
pub fn steps(page: &Page, labels: &Labels) -> Vec<RunbookStep> {
    let one = |(index, step): (usize, &Step)| {
        let (query, problem) = match template::query(&step.query, labels) {
            _ if step.query.is_empty() => {
                (String::new(), format!("{}.", aether_foundation::text::capital(&step.problem)))
            }
            Ok(query) => (query, String::new()),
            Err(problem) => (step.query.clone(), problem),
        };
        RunbookStep {
            number: u32::try_from(index + 1).unwrap_or(u32::MAX),
            title: step.title.clone(),
            query,
            expect: step.expect.as_ref().map(ToString::to_string).unwrap_or_default(),
            if_red: template::markdown(&step.if_red, labels),
            problem,
        }
    };
    page.steps.iter().enumerate().map(one).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use aether_foundation::stack::Profile;
    use aether_foundation::testing::row;

    #[test]
    fn a_runbook_opens_on_its_alert_with_its_labels_in_every_query() {
        let library = Library::read(&Profile::builtin());
        let alert = row(&[("alertname", "LowConfidenceSpikeVIP"), ("tenant_id", "vip\"1")]);
        let shown = view(&library, &RunbookOpenRequest::default(), Some(&alert), None).unwrap();
        assert_eq!((shown.id.as_str(), shown.found), ("LowConfidenceSpikeVIP", RunbookMatch::Bundled));
        assert!(shown.steps[0].query.contains(r#"tenant_id="vip\"1""#), "{}", shown.steps[0].query);
        assert!(shown.steps.iter().all(|step| step.problem.is_empty() && !step.query.contains("{{")));
        assert!(shown.template.is_empty());
        // What a shell would take apart is not filled into a command.
        let mitigation = shown.sections.iter().find(|section| section.title == "Mitigation").unwrap();
        assert!(mitigation.markdown.contains("tenant_id=\"{{tenant_id}}\""), "{}", mitigation.markdown);
        assert!(shown.actions.iter().any(|action| action.matchers.contains(r#"tenant_id="vip\"1""#)));
    }

    #[test]
    fn an_alert_without_a_runbook_is_told_with_a_template() {
        let library = Library::read(&Profile::builtin());
        let alert = row(&[("alertname", "DiskFull")]);
        let shown = view(&library, &RunbookOpenRequest::default(), Some(&alert), Some("disk < 5")).unwrap();
        assert_eq!((shown.id.as_str(), shown.found), ("triage", RunbookMatch::Generic));
        assert!(shown.template.contains("disk < 5") && shown.template_place.contains("[runbooks]"));
        let alone = RunbookOpenRequest { id: Some("triage".into()), ..RunbookOpenRequest::default() };
        let shown = view(&library, &alone, None, None).unwrap();
        assert!(shown.steps[0].problem.contains("no label alertname"), "{}", shown.steps[0].problem);
        let nothing = view(&library, &RunbookOpenRequest::default(), None, None).unwrap_err();
        assert_eq!(nothing.code, ErrorCode::InvalidRequest);
        let unknown = RunbookOpenRequest { id: Some("../x".into()), ..RunbookOpenRequest::default() };
        assert_eq!(view(&library, &unknown, None, None).unwrap_err().code, ErrorCode::NotFound);
    }

    #[test]
    fn bundled_pages_speak_of_the_label_of_the_stack() {
        let profile = Profile { tenant_label: "customer".into(), ..Profile::builtin() };
        let library = Library::read(&profile);
        let alert = row(&[("alertname", "LowConfidenceSpike"), ("customer", "c1")]);
        let shown = view(&library, &RunbookOpenRequest::default(), Some(&alert), None).unwrap();
        assert!(shown.steps[0].query.contains(r#"customer="c1""#), "{}", shown.steps[0].query);
    }
}
