use std::collections::BTreeMap;

use super::*;
use crate::recordings::known;

fn pack_known() -> Known {
    let none = BTreeMap::new();
    known(&[
        ("r:5m", "100 * sum by (tenant_id) (rate(hits[5m])) / sum by (tenant_id) (rate(req[5m]))", &none),
        ("r:5m:all", "100 * sum(rate(hits[5m])) / sum(rate(req[5m]))", &none),
    ])
}

fn judge(text: &str) -> GuardReport {
    let (known, named) = (pack_known(), BTreeSet::new());
    classify(text, Context { known: &known, tenant_label: "tenant_id", named: &named }).unwrap()
}

#[test]
fn every_form_of_a_guard_has_its_verdict() {
    use GuardVerdict::*;
    for (text, verdict) in [
        // Dead: the left side has a label, the sum has none.
        ("(r:5m < 30) and sum(rate(req[5m])) > 0", NeverMatches),
        ("r:5m{tenant_id=~\"a|b\"} < 20 and (sum(rate(req[5m])) > 0)", NeverMatches),
        ("sum(rate(req[5m])) > 0 and r:5m < 30", NeverMatches),
        ("r:5m < 30 and on (tenant_id) sum(rate(req[5m])) > 0", NeverMatches),
        ("r:5m < 30 and ignoring (job) sum(rate(req[5m])) > 0", NeverMatches),
        ("r:5m < 30 and sum by (tenant_id, job) (rate(req[5m])) > 0", NeverMatches),
        ("r:5m:all < 30 and sum by (tenant_id) (rate(req[5m])) > 0", NeverMatches),
        ("r:5m:all < 30 and on (tenant_id) sum by (tenant_id) (rate(req[5m])) > 0", NeverMatches),
        ("errors > 3 and sum(rate(req[5m])) > 0", NeverMatches),
        (
            "r:5m < 30 and on (tenant_id) (sum by (tenant_id) (rate(req[5m])) > 0) and sum(rate(req[5m])) > 0",
            NeverMatches,
        ),
        ("r:5m < 30 unless sum(rate(req[5m])) == 0", NeverMatches),
        (
            "sum by (tenant_id) (rate(e[5m])) / sum by (tenant_id) (rate(req[5m])) > 0.5 and sum(rate(req[5m])) > 0",
            NeverMatches,
        ),
        // Alive.
        ("r:5m < 30 and on (tenant_id) (sum by (tenant_id) (rate(req[5m])) > 0)", Guarded),
        ("r:5m < 30 and sum by (tenant_id) (rate(req[5m])) > 0", Guarded),
        ("r:5m < 30 and on () sum(rate(req[5m])) > 0", Guarded),
        ("r:5m < 30 and ignoring (tenant_id) sum(rate(req[5m])) > 0", Guarded),
        ("r:5m:all < 30 and sum(rate(req[5m])) > 0", Guarded),
        ("r:5m:all < 30 and sum(increase(req[5m])) >= 10", Guarded),
        ("r:5m < 30 and on (tenant_id) 0 < sum by (tenant_id) (rate(req[5m]))", Guarded),
        ("r:5m < 30 unless on (tenant_id) sum by (tenant_id) (rate(req[5m])) == 0", Guarded),
        ("(sum by (tenant_id) (rate(req[5m])) > 0) and on (tenant_id) r:5m < 30", Guarded),
        // Another window.
        ("r:5m < 30 and on (tenant_id) (sum by (tenant_id) (rate(req[1h])) > 0)", OtherWindow),
        ("r:5m:all < 30 and sum(rate(req[15m])) > 0", OtherWindow),
        // Of another counter: each has its own right window.
        ("r:5m < 30 and on () (sum(rate(logins[1h])) > 0)", Guarded),
        ("rate(errors[5m]) > 3 and on () (sum(rate(req[30m])) > 0)", Guarded),
        // In the denominator.
        ("rate(e[5m]) / (rate(req[5m]) > 0) > 0.5", Guarded),
        ("sum by (a) (rate(e[5m])) / (sum by (a) (rate(req[5m])) > 10) > 0.5", Guarded),
        ("rate(e[5m]) / clamp_min(rate(req[5m]), 1) > 0.5", Guarded),
        // None.
        ("rate(e[5m]) / rate(req[5m]) > 0.5", Unguarded),
        ("r:5m < 30", Unguarded),
        ("r:5m < 30 and r:5m > 2", Unguarded),
        ("up == 0", Unguarded),
        ("r:5m < 30 or r:5m:all < 20", Unguarded),
        // Two burn rates are two conditions, none of them a guard.
        ("rate(e[5m]) / rate(req[5m]) > 0.1 and rate(e[1h]) / rate(req[1h]) > 0.1", Unguarded),
        // Whose rule is not at hand.
        ("other:5m < 30 and sum(rate(req[5m])) > 0", Unclear),
    ] {
        assert_eq!(judge(text).verdict, verdict, "{text}\n{:?}", judge(text));
    }
}

#[test]
fn a_rewrite_is_guarded_and_leaves_the_condition_as_it_was_written() {
    for (text, mended) in [
        (
            "(r:5m < 30) and sum(rate(req[5m])) > 0",
            "(r:5m < 30) and on (tenant_id) (sum by (tenant_id) (rate(req[5m])) > 0)",
        ),
        (
            "r:5m   <   30   # low\nand\nsum(rate(req[5m])) > 0\n",
            "r:5m   <   30   # low\nand on (tenant_id)\n(sum by (tenant_id) (rate(req[5m])) > 0)",
        ),
        (
            "sum(rate(req[5m])) > 0 and r:5m < 30",
            "r:5m < 30 and on (tenant_id) (sum by (tenant_id) (rate(req[5m])) > 0)",
        ),
        ("errors > 3 and sum(rate(req[5m])) > 0", "errors > 3 and on () sum(rate(req[5m])) > 0"),
        (
            "r:5m:all < 30 and sum by (tenant_id) (rate(req[5m])) > 0",
            "r:5m:all < 30 and on () sum by (tenant_id) (rate(req[5m])) > 0",
        ),
        (
            "r:5m < 30 and sum by (tenant_id, job) (rate(req[5m])) > 0",
            "r:5m < 30 and on (tenant_id) sum by (tenant_id, job) (rate(req[5m])) > 0",
        ),
        (
            "r:5m < 30 unless sum(rate(req[5m])) == 0",
            "r:5m < 30 unless on (tenant_id) (sum by (tenant_id) (rate(req[5m])) == 0)",
        ),
        ("r:5m < 30", "r:5m < 30 and on (tenant_id) (sum by (tenant_id) (rate(req[5m])) > 0)"),
        ("r:5m:all < 30 and sum(rate(req[15m])) > 0", "r:5m:all < 30 and sum(rate(req[5m])) > 0"),
    ] {
        let rewrite = judge(text).rewrite;
        assert_eq!(rewrite.as_deref(), Some(mended), "{text}");
        assert_eq!(judge(mended).verdict, GuardVerdict::Guarded, "{mended}");
    }
    assert_eq!(judge("up == 0").rewrite, None);
}

#[test]
fn a_label_that_the_templates_name_is_one_that_the_alert_has() {
    let (known, named) = (Known::new(), set(["tenant_id"]));
    let context = Context { known: &known, tenant_label: "tenant_id", named: &named };
    let found = classify("other:5m < 30 and sum(rate(req[5m])) > 0", context).unwrap();
    assert_eq!(found.verdict, GuardVerdict::NeverMatches);
    assert!(found.rewrite.unwrap().contains("on (tenant_id)"));
}
