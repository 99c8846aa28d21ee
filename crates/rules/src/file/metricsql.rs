//! What MetricsQL adds to PromQL: enough of it to tell an expression of VictoriaMetrics from a broken one. Pure.

use aether_foundation::promql::tokens::{Token, TokenKind, tokens};

/// Functions and aggregations that PromQL does not have.
const FUNCTIONS: &str = "\
    aggr_over_time alias any ascent_over_time bitmap_and bitmap_or bitmap_xor bottomk_avg bottomk_last \
    bottomk_max bottomk_median bottomk_min buckets_limit changes_prometheus count_eq_over_time \
    count_gt_over_time count_le_over_time count_ne_over_time count_values_over_time decreases_over_time \
    default_rollup delta_prometheus deriv_fast descent_over_time distinct distinct_over_time drop_common_labels \
    drop_empty_series duration_over_time geomean geomean_over_time histogram histogram_over_time histogram_share \
    hoeffding_bound_lower hoeffding_bound_upper ideriv increase_prometheus increase_pure increases_over_time \
    integrate interpolate keep_last_value keep_next_value label_copy label_del label_graphite_group label_keep \
    label_lowercase label_map label_match label_mismatch label_move label_set label_transform label_uppercase \
    label_value labels_equal lag lifetime limit_offset mad median median_over_time mode mode_over_time now \
    outlier_iqr_over_time outliers_iqr outliers_mad outliersk prometheus_buckets quantiles quantiles_over_time \
    rand rand_exponential rand_normal range_avg range_first range_last range_linear_regression range_mad \
    range_max range_median range_min range_normalize range_over_time range_quantile range_stddev range_stdvar \
    range_sum range_trim_outliers range_trim_spikes range_trim_zscore range_zscore rate_over_sum remove_resets \
    rollup rollup_candlestick rollup_delta rollup_deriv rollup_increase rollup_rate rollup_scrape_interval ru \
    running_avg running_max running_min running_sum scrape_interval share share_eq_over_time share_gt_over_time \
    share_le_over_time smooth_exponential sort_by_label_numeric sort_by_label_numeric_desc \
    stale_samples_over_time sum2 sum2_over_time sum_eq_over_time sum_gt_over_time sum_le_over_time \
    tfirst_over_time timestamp_with_name timezone_offset tlast_change_over_time tlast_over_time tmax_over_time \
    tmin_over_time topk_avg topk_last topk_max topk_median topk_min ttf union zscore zscore_over_time";
/// Functions of PromQL that need a range there.
const OF_RANGES: &str = "\
    absent_over_time avg_over_time changes count_over_time delta deriv first_over_time idelta increase irate \
    last_over_time mad_over_time max_over_time min_over_time predict_linear present_over_time quantile_over_time \
    rate resets stddev_over_time stdvar_over_time sum_over_time";

/// Suffixes of numbers.
const SUFFIXES: [&str; 10] = ["K", "KB", "Ki", "KiB", "M", "Mi", "G", "Gi", "T", "Ti"];

/// The first thing of an expression that only MetricsQL has, in words; none where it has none that is known.
pub fn feature(text: &str) -> Option<String> {
    let all = tokens(text)?;
    (0..all.len()).find_map(|at| of_token(&all, at))
}

fn of_token(all: &[Token<'_>], at: usize) -> Option<String> {
    let token = all.get(at)?;
    let text = |at: Option<usize>| at.and_then(|at| all.get(at)).map_or("", |token| token.text);
    let (before, after) = (at.checked_sub(1).and_then(|at| all.get(at)), text(Some(at + 1)));
    // Behind an operand only an operator can stand.
    let behind = before.is_some_and(|before| match before.kind {
        TokenKind::Sign => matches!(before.text, ")" | "]" | "}"),
        TokenKind::Text => false,
        TokenKind::Number | TokenKind::Word => true,
    });
    let lower = token.text.to_ascii_lowercase();
    match token.kind {
        TokenKind::Word => {
            let called = matches!(after, "(" | "by" | "without" | "BY" | "WITHOUT");
            let known = |list: &str| list.split_whitespace().any(|name| name == lower);
            if lower == "with" && after == "(" {
                return Some("WITH (…)".to_owned());
            }
            if called && known(FUNCTIONS) {
                return Some(format!("the function {lower}"));
            }
            if after == "(" && known(OF_RANGES) && !has_range(all, at + 1) {
                return Some(format!("{lower} without a range"));
            }
            if behind && matches!(lower.as_str(), "default" | "if" | "ifnot" | "keep_metric_names") {
                return Some(format!("`{lower}`"));
            }
            let number = all.get(at + 1).is_some_and(|next| next.kind == TokenKind::Number);
            if behind && lower == "limit" && number {
                return Some("`limit`".to_owned());
            }
            (lower == "or" && in_braces(all, at)).then(|| "`or` between filters".to_owned())
        }
        TokenKind::Number => {
            let unit = token.text.trim_start_matches(|c: char| c.is_ascii_digit() || c == '.' || c == '_');
            let steps = unit == "i" && unit.len() < token.text.len();
            (steps || SUFFIXES.contains(&unit)).then(|| format!("the number {}", token.text))
        }
        TokenKind::Sign if token.text == "(" && before.is_none_or(|one| one.kind == TokenKind::Sign) => {
            is_list(all, at).then(|| "a list of expressions in parentheses".to_owned())
        }
        _ => None,
    }
}

/// The tokens between a bracket and the one that closes it.
fn inside<'a, 'b>(all: &'a [Token<'b>], open: usize) -> &'a [Token<'b>] {
    let mut depth = 0_usize;
    for (at, token) in all.iter().enumerate().skip(open).filter(|(_, token)| token.kind == TokenKind::Sign) {
        match token.text {
            "(" | "[" | "{" => depth += 1,
            ")" | "]" | "}" => depth = depth.saturating_sub(1),
            _ => {}
        }
        if depth == 0 {
            return all.get(open + 1..at).unwrap_or_default();
        }
    }
    all.get(open + 1..).unwrap_or_default()
}

fn has_range(all: &[Token<'_>], open: usize) -> bool {
    inside(all, open).iter().any(|token| token.kind == TokenKind::Sign && token.text == "[")
}

/// Whether parentheses that call nothing hold several expressions.
fn is_list(all: &[Token<'_>], open: usize) -> bool {
    let mut depth = 0_usize;
    inside(all, open).iter().filter(|token| token.kind == TokenKind::Sign).any(|token| {
        match token.text {
            "(" | "[" | "{" => depth += 1,
            ")" | "]" | "}" => depth = depth.saturating_sub(1),
            _ => {}
        }
        depth == 0 && token.text == ","
    })
}

/// Whether a token stands between the filters of a selector.
fn in_braces(all: &[Token<'_>], at: usize) -> bool {
    let signs = all.get(..at).unwrap_or_default().iter().filter(|token| token.kind == TokenKind::Sign);
    signs.rev().find(|token| matches!(token.text, "{" | "}")).is_some_and(|token| token.text == "{")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_only_metricsql_has_is_named() {
        for (text, expected) in [
            ("rollup_rate(x[5m]) > 1", "the function rollup_rate"),
            ("WITH (f = {job=\"a\"}) sum(x{f})", "WITH (…)"),
            ("up default 0 == 0", "`default`"),
            ("x if y > 0", "`if`"),
            ("range_median(x) > 1", "the function range_median"),
            ("rate(x) > 1", "rate without a range"),
            ("sum(increase(x{a=\"b\"})) by (c)", "increase without a range"),
            ("x > 10Ki", "the number 10Ki"),
            ("rate(x[5i])", "the number 5i"),
            ("{a=\"b\" or c=\"d\"}", "`or` between filters"),
            ("abs(x) keep_metric_names", "`keep_metric_names`"),
            ("median(x) by (a)", "the function median"),
            ("count((a, b))", "a list of expressions in parentheses"),
            ("topk(3, x) limit 2", "`limit`"),
        ] {
            assert_eq!(feature(text).as_deref(), Some(expected), "{text}");
        }
    }

    #[test]
    fn promql_has_nothing_of_metricsql() {
        for text in [
            "sum by (a) (rate(x[5m])) > 5",
            "default or limit",
            "x{default=\"if\"} > 1e3",
            "max_over_time(rate(x[5m])[1h:5m]) or y",
            "a or b",
            "clamp((a), 1, 2)",
            "sum by (if, default) (x)",
            "up ==",
        ] {
            assert_eq!(feature(text), None, "{text}");
        }
    }
}
