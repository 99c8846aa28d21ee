//! Checks of the profile's own: `[[checks]]`.

use aether_contract::{CheckSuite, CustomCheck as WrittenCheck, CustomCheckKind};

use super::{
    check,
    profile::{CustomCheck, OwnKind},
    section::{Problems, Section},
    values::{query, report, text},
};

/// Most checks of one profile.
const MAX: usize = 64;
const COMPARISONS: [&str; 6] = ["<=", ">=", "==", "!=", "<", ">"];

/// Reads them.
pub(super) fn read(
    sections: Vec<Section<'_>>,
    tenant_label: &str,
    problems: &mut Problems,
) -> Vec<CustomCheck> {
    let mut found: Vec<CustomCheck> = Vec::new();
    for (index, mut section) in sections.into_iter().enumerate() {
        let place = section.at;
        if index == MAX {
            problems.add(place, "checks", format!("expected at most {MAX} checks"));
            return found;
        }
        let id = section.string("id", problems);
        section.missing("id", "expected an ID such as \"queue-length\"", problems);
        let title = text(&mut section, "title", 80, problems);
        let remedy = text(&mut section, "remedy", 400, problems).unwrap_or_default();
        let suites = suites(&mut section, problems);
        let has_query = section.has("query");
        let kind = match (has_query, section.has("url")) {
            (true, false) => of_query(&mut section, tenant_label, problems),
            (false, true) => of_url(&mut section, problems),
            _ => {
                problems.add(place, section.path("query"), "expected either `query` with `expect`, or `url`");
                // What belongs to either is asked for, so that it is not told as unknown.
                for key in ["query", "expect", "url", "contains"] {
                    let _ = section.string(key, problems);
                }
                let _ = section.number("status", problems);
                None
            }
        };
        section.finish(problems);
        let (Some(id), Some(kind)) = (id, kind) else { continue };
        if !check::is_name(&id.value) {
            problems.add(id.at, "checks.id", check::NAME_RULE);
        } else if found.iter().any(|one| one.id == id.value) {
            problems.add(id.at, "checks.id", format!("\"{}\" is already the ID of another check", id.value));
        }
        let title = title.unwrap_or_else(|| id.value.clone());
        let (kind, ask) = kind;
        let written = WrittenCheck {
            id: id.value.clone(),
            title: title.clone(),
            ask,
            suites: suites.clone(),
            remedy: remedy.clone(),
        };
        found.push(CustomCheck { id: id.value, title, suites, kind, remedy, written });
    }
    found
}

fn suites(section: &mut Section<'_>, problems: &mut Problems) -> Vec<CheckSuite> {
    let all = [CheckSuite::Quick, CheckSuite::Preprod, CheckSuite::AfterDeploy, CheckSuite::Sanity];
    let Some(list) = section.strings("suites", problems) else { return vec![CheckSuite::Quick] };
    let mut found = Vec::new();
    for name in list {
        match all.iter().find(|suite| suite.as_str() == name.value) {
            Some(suite) => found.push(*suite),
            None => problems.add(
                name.at,
                section.path("suites"),
                "expected quick, preprod, after-deploy or sanity".to_owned(),
            ),
        }
    }
    found
}

fn of_query(
    section: &mut Section<'_>,
    tenant_label: &str,
    problems: &mut Problems,
) -> Option<(OwnKind, CustomCheckKind)> {
    let as_written = section.string("query", problems).map(|found| found.value);
    let query = query(section, "query", tenant_label, problems);
    let expect = section.string("expect", problems);
    section.missing("expect", "expected a condition such as \"> 0\"", problems);
    let expect = expect?;
    let text = expect.value.trim();
    let comparison = COMPARISONS.iter().find(|sign| text.starts_with(**sign));
    let number = comparison.and_then(|sign| text.get(sign.len()..)?.trim().parse::<f64>().ok());
    match (comparison, number.filter(|number| number.is_finite())) {
        (Some(comparison), Some(threshold)) => {
            let ask = CustomCheckKind::Query { query: as_written?, expect: text.to_owned() };
            Some((OwnKind::Query { query: query?, comparison: (*comparison).to_owned(), threshold }, ask))
        }
        _ => {
            let words = "expected a comparison and a number, such as \"> 0\" or \"<= 0.5\"";
            problems.add(expect.at, section.path("expect"), words);
            None
        }
    }
}

fn of_url(section: &mut Section<'_>, problems: &mut Problems) -> Option<(OwnKind, CustomCheckKind)> {
    let mut url = section.string("url", problems)?;
    url.value = crate::web::with_scheme(&url.value);
    // Unlike a server's address it may have a query.
    let bare = url.value.split(['?', '#']).next().unwrap_or_default().to_owned();
    let address = super::section::At { value: bare, at: url.at };
    report(check::http_url(&address.value), &address, &section.path("url"), problems);
    let contains = text(section, "contains", 400, problems).unwrap_or_default();
    let status = match section.number("status", problems) {
        None => 200,
        Some(found) if found.value.fract() == 0.0 && (100.0..=599.0).contains(&found.value) => {
            #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "checked before")]
            let status = found.value as u16;
            status
        }
        Some(found) => {
            problems.add(found.at, section.path("status"), "expected a status from 100 to 599");
            200
        }
    };
    let ask = CustomCheckKind::Http { url: url.value.clone(), status, contains: contains.clone() };
    Some((OwnKind::Http { url: url.value, status, contains }, ask))
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::stack::Profile;

    fn parse(text: &str) -> Result<Vec<CustomCheck>, String> {
        let whole = format!("name = \"s\"\n[prometheus]\nurl = \"http://localhost:9090\"\n{text}");
        Profile::parse(&whole, Path::new("/tmp/s.toml"))
            .map(|profile| profile.checks)
            .map_err(|error| error.detail)
    }

    #[test]
    fn own_checks_are_queries_or_addresses() {
        let found = parse(
            "[[checks]]\nid = \"queue\"\nquery = \"max by ($tenant_label) (queue)\"\nexpect = \"<= \
                10\"\nsuites = [\"quick\", \"preprod\"]\n\
             [[checks]]\nid = \"health\"\ntitle = \"Health\"\nurl = \
             \"http://localhost:8000/health?deep=1\"\nstatus = 204\n",
        )
        .unwrap();
        assert_eq!(found[0].suites, [CheckSuite::Quick, CheckSuite::Preprod]);
        let query = OwnKind::Query {
            query: "max by (tenant_id) (queue)".into(),
            comparison: "<=".into(),
            threshold: 10.0,
        };
        assert_eq!(found[0].kind, query);
        let url = "http://localhost:8000/health?deep=1".to_owned();
        assert_eq!(found[1].kind, OwnKind::Http { url, status: 204, contains: String::new() });
        assert_eq!((found[1].title.as_str(), &found[1].suites[..]), ("Health", &[CheckSuite::Quick][..]));
    }

    #[test]
    fn what_is_wrong_with_an_own_check_is_told_with_its_line() {
        for (text, expected) in [
            ("[[checks]]\nid = \"a\"\n", "either `query`"),
            ("[[checks]]\nid = \"a\"\nquery = \"x\"\n", "expected a condition"),
            ("[[checks]]\nid = \"a\"\nquery = \"x\"\nexpect = \"about 3\"\n", "line 7"),
            ("[[checks]]\nid = \"a\"\nurl = \"ftp://x\"\n", "http://"),
            ("[[checks]]\nid = \"A b\"\nurl = \"http://x\"\n", "a-z"),
            ("[[checks]]\nid = \"a\"\nurl = \"http://x\"\nsuites = [\"slow\"]\n", "after-deploy"),
            (
                "[[checks]]\nid = \"a\"\nurl = \"http://x\"\n[[checks]]\nid = \"a\"\nurl = \"http://x\"\n",
                "another check",
            ),
        ] {
            let error = parse(text).unwrap_err();
            assert!(error.contains(expected), "{text}\n{error}");
        }
    }
}
