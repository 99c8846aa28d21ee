use std::collections::BTreeSet;

use super::*;
use crate::{
    guard::{Context, classify},
    recordings::known,
};

fn recording(name: &str, expression: &str, labels: &[(&str, &str)]) -> Recording {
    let labels = labels.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    Recording { name: name.to_owned(), expression: expression.to_owned(), labels }
}

fn proposal(condition: &str, rewrite: &str) -> Proposal {
    Proposal { condition: condition.to_owned(), rewrite: rewrite.to_owned() }
}

fn proposed(expression: &str, recordings: &[Recording]) -> Option<Proposal> {
    let records: Vec<_> =
        recordings.iter().map(|one| (one.name.as_str(), one.expression.as_str(), &one.labels)).collect();
    let (known, named) = (known(&records), BTreeSet::new());
    let report = classify(expression, Context { known: &known, tenant_label: "tenant_id", named: &named })?;
    Some(Proposal { condition: report.condition, rewrite: report.rewrite? })
}

fn services() -> [Recording; 2] {
    let of = |svc: &str| {
        let text = format!(
            "sum(rate(errors_total{{svc=\"{svc}\"}}[5m])) / sum(rate(requests_total{{svc=\"{svc}\"}}[5m]))"
        );
        recording("slo:errors:ratio_rate5m", &text, &[("svc", svc)])
    };
    [of("cart"), of("mail")]
}

#[tokio::test]
async fn a_proposed_guard_takes_the_traffic_of_its_own_service_and_is_proven() {
    let all = services();
    let made = proposed("slo:errors:ratio_rate5m{svc=\"mail\"} > 0.1", &all).unwrap();
    assert_eq!(
        made.rewrite,
        "slo:errors:ratio_rate5m{svc=\"mail\"} > 0.1 and on () (sum(rate(requests_total{svc=\"mail\"}[5m])) > 0)"
    );
    assert_eq!(proofs(std::slice::from_ref(&made), &all).await, [Proof::Proven]);
    let wrong =
        proposal(&made.condition, &made.rewrite.replace("total{svc=\"mail\"}", "total{svc=\"cart\"}"));
    assert_eq!(proofs(&[wrong], &all).await, [Proof::Refuted]);
    assert_eq!(proposed("slo:errors:ratio_rate5m > 0.1", &all), None, "whose traffic can't be told");
}

#[tokio::test]
async fn a_guard_asks_for_the_whole_denominator() {
    let hits = "rate(hits_total[5m]) / (rate(hits_total[5m]) + rate(misses_total[5m])) < 0.8";
    let made = proposed(hits, &[]).unwrap();
    assert_eq!(made.rewrite, format!("{hits} and ((rate(hits_total[5m]) + rate(misses_total[5m])) > 0)"));
    let of_hits_alone = proposal(hits, &format!("{hits} and on () (sum(rate(hits_total[5m])) > 0)"));
    assert_eq!(proofs(&[made, of_hits_alone], &[]).await, [Proof::Proven, Proof::Refuted]);
}

#[tokio::test]
async fn what_would_keep_a_real_alert_silent_is_refuted_or_not_proposed() {
    // With nothing but failures, the denominator is 0.
    let outcomes =
        "sum(rate(requests_total{code=~\"5..\"}[5m])) / sum(rate(requests_total{code!~\"5..\"}[5m])) > 0.1";
    let made = proposed(outcomes, &[]).unwrap();
    assert_eq!(proofs(&[made], &[]).await, [Proof::Refuted]);
    for text in [
        "rate(jobs_failed_total[5m]) / rate(jobs_succeeded_total[5m]) > 0.5",
        "sum(rate(cache_misses_total[5m])) / sum(rate(cache_hits_total[5m])) > 2",
        "rate(a_total[5m]) / rate(b_total[5m]) + rate(c_total[5m]) / rate(d_total[5m]) > 1",
        "avg without (instance) (rate(e_total[5m]) / rate(r_total[5m])) > 1",
        "rate(e_total[5m]) / rate(r_total[5m]) * on (job) group_left () weights > 1",
        "label_replace(rate(e_total[5m]) / rate(r_total[5m]), \"job\", \"x\", \"\", \"\") > 1",
    ] {
        assert_eq!(proposed(text, &[]), None, "{text}");
    }
}

#[tokio::test]
async fn proposals_of_every_shape_are_proven() {
    let tenants = [
        recording(
            "r:5m",
            "100 * sum by (tenant_id) (rate(hits_all[5m])) / sum by (tenant_id) (rate(req[5m]))",
            &[],
        ),
        recording("r:5m:all", "100 * sum(rate(hits_all[5m])) / sum(rate(req[5m]))", &[]),
    ];
    let mut made = Vec::new();
    for text in [
        "r:5m < 30",
        "r:5m{tenant_id=~\"vip-(a|b)\"} < 30",
        "(r:5m < 30) and sum(rate(req[5m])) > 0",
        "sum(rate(req[5m])) > 0 and r:5m < 30",
        "r:5m:all < 30 and sum(rate(req[15m])) > 0",
        "rate(e_total[5m]) / rate(r_total[5m]) > 0.1",
        "avg by (job) (rate(e_total[5m]) / rate(r_total[5m])) > 0.1",
        "sum(rate(e_total[5m])) / sum(rate(r_total[5m])) > 0.1",
        "sum by (job) (rate(e_total{code=~\"5..\"}[5m])) / sum by (job) (rate(e_total[5m])) > 0.1",
        "1 - sum by (a) (rate(e_total[10m])) / ignoring (b) sum by (a) (rate(r_total[10m])) < 0.9",
    ] {
        made.push(proposed(text, &tenants).unwrap_or_else(|| panic!("{text}")));
    }
    let found = proofs(&made, &tenants).await;
    for (one, proof) in made.iter().zip(found) {
        assert_eq!(proof, Proof::Proven, "{one:?}");
    }
}

#[tokio::test]
async fn what_can_not_be_evaluated_stays_open() {
    for (condition, rewrite) in [
        // Nothing makes it fire.
        ("rate(a_total[5m]) < -1", "rate(a_total[5m]) < -1 and (rate(a_total[5m]) > 0)"),
        // Too long for its shortest window.
        (
            "rate(a_total[90d]) / rate(b_total[1m]) > 1",
            "rate(a_total[90d]) / rate(b_total[1m]) > 1 and b > 0",
        ),
        ("{__name__=~\"a.*\"} > 1", "{__name__=~\"a.*\"} > 1 and rate(b_total[5m]) > 0"),
    ] {
        assert_eq!(proofs(&[proposal(condition, rewrite)], &[]).await, [Proof::Open], "{condition}");
    }
}

/// The rules of a file as `rules lint` shows them, proven.
async fn linted(name: &str) -> Vec<aether_contract::RuleView> {
    let path = format!("{}/../../tests/rule-files/cases/{name}", env!("CARGO_MANIFEST_DIR"));
    let profile = aether_foundation::stack::Profile::builtin();
    let mut groups = crate::files::lint(&[path.into()], &profile, false).unwrap().0.groups;
    prove(&mut groups).await;
    groups.into_iter().flat_map(|group| group.rules).collect()
}

#[tokio::test]
async fn no_rewrite_is_shown_that_would_keep_a_real_alert_silent() {
    let rules = linted("guard-of-another-service.yml").await;
    let mail = rules.iter().find(|rule| rule.id.name == "MailBurns").unwrap();
    let guard = mail.guard.as_ref().unwrap();
    let rewrite = guard.rewrite.as_deref().unwrap();
    assert!(rewrite.contains("requests_total{svc=\"mail\"}") && !rewrite.contains("cart"), "{rewrite}");
    assert!(guard.proven && mail.findings.iter().any(|found| found.proven));
    let rules = linted("ratio-of-hits.yml").await;
    let few = rules.iter().find(|rule| rule.id.name == "FewHits").unwrap().guard.clone().unwrap();
    let rewrite = few.rewrite.unwrap();
    assert!(
        few.proven && rewrite.ends_with("((rate(hits_total[5m]) + rate(misses_total[5m])) > 0)"),
        "{rewrite}"
    );
    // A refuted one is taken away, and the finding stays.
    let mut groups = crate::files::lint(
        &[concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/rule-files/cases/ratio-of-hits.yml").into()],
        &aether_foundation::stack::Profile::builtin(),
        false,
    )
    .unwrap()
    .0
    .groups;
    let view = &mut groups[0].rules[0];
    let bad = "rate(hits_total[5m]) / (rate(hits_total[5m]) + rate(misses_total[5m])) < 0.8 and on () \
        (sum(rate(hits_total[5m])) > 0)";
    view.guard.as_mut().unwrap().rewrite = Some(bad.to_owned());
    view.findings[0].rewrite = Some(bad.to_owned());
    prove(&mut groups).await;
    let view = &groups[0].rules[0];
    assert_eq!(
        (view.guard.as_ref().unwrap().rewrite.as_ref(), view.findings[0].rewrite.as_ref()),
        (None, None)
    );
}
