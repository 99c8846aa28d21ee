use super::*;

fn matches(pattern: &str, value: &str) -> bool {
    anchored(pattern).unwrap().is_match(value.as_bytes())
}

#[test]
fn expressions_mean_what_they_mean_to_alertmanager() {
    let table = [
        (r"\w+", "bern", true),
        (r"\w+", "zürich", false),
        (r"\d", "٣", false),
        (r"\D", "٣", true),
        (r"\s", "\u{a0}", false),
        (r"\s", "\u{b}", false),
        (r"[\w]+", "ü", false),
        (r"[\W]+", "ü", true),
        (r"[^\W]+", "ü", false),
        (r"[[]fd00::1[]]:9100", "[fd00::1]:9100", true),
        (r"[[]::1[]]", "[::1]", true),
        (r"\Qa.b\E+", "a.bb", true),
        (r"\Qa.b\E+", "axb", false),
        (r"\<a\>", "<a>", true),
        (r"a{,2}", "a{,2}", true),
        ("a{", "a{", true),
        ("a{01}", "a{01}", true),
        (r"\101", "A", true),
        (r"\x{41}\x42", "AB", true),
        (r"[a&&b]+", "a&b", true),
        ("[+--]+", "+,-", true),
        ("[]a]+", "]a", true),
        ("[^]a]", "b", true),
        ("[~~]", "~", true),
        ("(?i)STRASSE", "straße", false),
        ("(?i)k", "\u{212a}", true),
        ("a(?i)b|c", "C", true),
        ("(?i:a)b", "AB", false),
        (".", "\n", false),
        ("(?s).", "\n", true),
        ("(?m)a$\n^b", "a\nb", true),
        ("a$\n^b", "a\nb", false),
        (r"a\b.b", "aüb", true),
        (r"a\B.b", "aüb", false),
        ("a)|(?:b", "a", true),
        ("a)|(?:b", "b", true),
        (r"a+\Q\E?", "", true),
        (r"\_", "_", true),
        ("[[:alpha:]-]+", "a-", true),
        (r"\pL+", "zürich", true),
        (r"\p{^Greek}", "α", false),
        ("x{0}y", "y", true),
        ("", "", true),
    ];
    for (pattern, value, expected) in table {
        assert_eq!(matches(pattern, value), expected, "{pattern} on {value:?}");
    }
}

#[test]
fn what_go_refuses_is_refused() {
    for pattern in [
        "a**",
        "a+*",
        "a{2}{3}",
        "*a",
        "|*",
        "(*a)",
        r"\1",
        r"\q",
        r"\Qa.b",
        r"\_\",
        "(?=a)",
        "(?<!a)",
        "(?x)a",
        "a{1001}",
        "(a{100}){100}",
        "a{3,2}",
        "[b-a]",
        "[a",
        "(a",
        "[[:nope:]]",
        r"\pX",
        r"\C",
        "(?-)",
        "(?i--)",
        r"\x{110000}",
        r"\xg1",
        "(?P<a>x)(?P<a>y)",
        "(?P<>x)",
        r"[\b]",
        r"\ü",
    ] {
        assert!(anchored(pattern).is_err(), "{pattern}");
    }
}

proptest::proptest! {
    #[test]
    fn no_expression_makes_it_panic(pattern in "\\PC{0,24}|[a-c\\\\QE(){}\\[\\]^$.*+?|,:<>i0-9-]{0,24}") {
        let _ = anchored(&pattern);
    }
}
