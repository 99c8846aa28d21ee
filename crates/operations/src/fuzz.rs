//! Entry points for fuzzing Compose projects and runbooks. Each takes any bytes
//! and asserts what must hold for all of them, which is more than that nothing panics.
//!
//! Compiled by cargo-fuzz, which sets `cfg(fuzzing)`, and in tests, which run every seed. The fuzz targets are in
//! `fuzz/`.

use std::{collections::BTreeMap, fs, path::PathBuf, sync::OnceLock};

use aether_contract::RunbookSource;
use aether_foundation::fuzz::sections;

use crate::{
    pins::compose::{
        edit,
        read::{self, Project, Sources},
    },
    runbook::{parse::Page, template},
};

/// A compose file, its `.env`, and the image that its services get.
pub fn compose(data: &[u8]) {
    let Some(sections) = sections(data) else { return };
    let section = |index: usize| sections.get(index).copied().unwrap_or_default();
    let Some(dir) = folder() else { return };
    let (file, env) = (dir.join("compose.yml"), dir.join(".env"));
    if fs::write(&file, section(0)).and_then(|()| fs::write(&env, section(1))).is_err() {
        return;
    }
    let sources = Sources { dir: dir.clone(), files: vec![file], env_files: vec![env], profiles: Vec::new() };
    let environment = |name: &str| (name == "SHELL_TAG").then(|| "v1".to_owned());
    let Ok(mut project) = read::read(&sources, &environment) else { return };
    edit::lines(&mut project);
    for image in project.services.iter().filter_map(|service| service.image.as_ref()) {
        let lines = project.texts.get(&image.file).map_or(0, |text| text.split('\n').count());
        assert!(image.line.is_none_or(|line| line >= 1 && line as usize <= lines));
    }
    let new = match section(2).trim() {
        "" => "example.org/x:v2",
        given => given,
    };
    for service in project.services.iter().take(3) {
        let Ok(change) = edit::change(&sources, &project, &environment, &service.name, new) else { continue };
        let instead = BTreeMap::from([(change.path.clone(), change.after.clone())]);
        let after = read::read_with(&sources, &environment, &instead);
        let image = |project: &Project| -> Option<String> {
            project.service(&service.name)?.image.as_ref()?.resolved.clone().ok()
        };
        assert_eq!(after.as_ref().ok().and_then(image).as_deref(), Some(new), "{:?}", change.after);
        // Nothing but the one value changes, and the new one stays on its line.
        let (before, after) = (change.before.as_bytes(), change.after.as_bytes());
        let same = before.iter().zip(after).take_while(|(a, b)| a == b).count();
        let (before, after) = (before.get(same..).unwrap_or_default(), after.get(same..).unwrap_or_default());
        let tail = before.iter().rev().zip(after.iter().rev()).take_while(|(a, b)| a == b).count();
        let new_part = after.get(..after.len() - tail).unwrap_or_default();
        assert!(!new_part.contains(&b'\n'), "{:?} became {:?}", change.before, change.after);
    }
}

/// A folder of this process, made once: writing two small files costs less than making a folder for each input.
fn folder() -> Option<PathBuf> {
    static FOLDER: OnceLock<Option<tempfile::TempDir>> = OnceLock::new();
    FOLDER.get_or_init(|| tempfile::tempdir().ok()).as_ref().map(|folder| folder.path().to_path_buf())
}

/// A runbook page, then the value of the label `t` that is filled into it.
pub fn markdown(data: &[u8]) {
    let Some(sections) = sections(data) else { return };
    let text = sections.first().copied().unwrap_or_default();
    let value = sections.get(1).copied().unwrap_or_default();
    let labels = BTreeMap::from([("t".to_owned(), value.to_owned())]);
    for source in [RunbookSource::Own, RunbookSource::Document] {
        let page = Page::read("fuzz", source, text);
        assert_eq!(page.text, text);
        assert!(page.sections.len() <= 60 && page.steps.len() <= 60);
        assert!(source == RunbookSource::Own || page.steps.is_empty(), "a document has steps");
        for step in &page.steps {
            assert!(step.problem.is_empty() || page.problems.iter().any(|p| p.contains(&step.problem)));
            let Ok(query) = template::query(&step.query, &labels) else { continue };
            // What is not parsed before is not sent; a label must not turn it into another query.
            let plain = template::query(&step.query, &BTreeMap::from([("t".to_owned(), "x".to_owned())]));
            let (Ok(plain), Ok(filled)) = (plain.and_then(|q| shape(&q)), shape(&query)) else { continue };
            assert_eq!(plain, filled, "{value:?} made another query of {:?}", step.query);
        }
    }
    let filled = template::markdown(text, &labels);
    if !template::harmless(value) {
        assert_eq!(filled, text, "{value:?} is not harmless and was filled in");
    }
    for quoted in [aether_foundation::text::inline(value), aether_foundation::text::code(value)] {
        assert!(!quoted.chars().any(char::is_control), "{quoted:?} has another line");
    }
}

/// An expression without the texts in it: equal for two that differ only in label values.
fn shape(query: &str) -> Result<String, String> {
    use promql_parser::parser::Expr;
    fn strip(expression: &mut Expr) {
        match expression {
            Expr::VectorSelector(vector) => blank(vector),
            Expr::MatrixSelector(matrix) => blank(&mut matrix.vs),
            Expr::Aggregate(aggregate) => {
                strip(&mut aggregate.expr);
                if let Some(parameter) = &mut aggregate.param {
                    strip(parameter);
                }
            }
            Expr::Unary(unary) => strip(&mut unary.expr),
            Expr::Binary(binary) => {
                strip(&mut binary.lhs);
                strip(&mut binary.rhs);
            }
            Expr::Paren(paren) => strip(&mut paren.expr),
            Expr::Subquery(subquery) => strip(&mut subquery.expr),
            Expr::Call(call) => call.args.args.iter_mut().for_each(|argument| strip(argument)),
            Expr::StringLiteral(text) => text.val.clear(),
            Expr::NumberLiteral(_) | Expr::Extension(_) => {}
        }
    }
    fn blank(vector: &mut promql_parser::parser::VectorSelector) {
        let all = vector.matchers.or_matchers.iter_mut().flatten().chain(&mut vector.matchers.matchers);
        for matcher in all {
            matcher.value.clear();
            matcher.op = promql_parser::label::MatchOp::Equal;
        }
    }
    let mut expression = aether_foundation::promql::split::parse(query)?;
    strip(&mut expression);
    Ok(format!("{expression:?}"))
}

#[cfg(test)]
mod tests {
    use aether_foundation::testing::run_seeds;

    #[test]
    fn every_seed_passes_its_fuzz_target() {
        for (name, target) in
            [("compose", super::compose as fn(&[u8])), ("markdown", super::markdown as fn(&[u8]))]
        {
            run_seeds(name, target);
        }
    }
}
