use super::*;

#[test]
fn templates_are_taken_and_refused_as_prometheus_does() {
    for text in [
        "plain",
        "{{ $labels.instance }} is at {{ $value | humanize }}",
        "{{ with query \"up == 0\" }}{{ . | first | value | printf \"%.2f\" }}{{ else }}none{{ end }}",
        "{{ range $i, $x := query `sum by (a) (up{b=\"c\"})` }}{{ $i }}: {{ $x.Labels.a }} {{ end }}",
        "{{- if gt $value 1.0 -}} high {{- else if eq $value 0x1F }} low {{ end }}",
        "{{ $x := 5 }}{{ $x = 6 }}{{ printf \"%d\" $x }}",
        "{{/* a comment */}}",
        "{{ (index (query \"up\") 0).Labels.job }}",
        "{{ $externalLabels.cluster }}{{ $externalURL }}{{ .Value }}{{ .Labels.a }}",
        "{{ define \"x\" }}{{ . }}{{ end }}{{ template \"x\" . }}",
        "{{ .ExternalLabels.x }} }} { {",
        "{{ range query \"up\" }}{{ if .Value }}{{ break }}{{ end }}{{ end }}",
        "{{ $labels.a | reReplaceAll \"a\" \"b\" | toUpper }}",
    ] {
        assert_eq!(problem(text), None, "{text}");
    }
    for text in [
        "{{ $label.instance }}",
        "{{ $value | critical }}",
        "{{ $value | humanize",
        "{{ if $value }}x",
        "{{ end }}",
        "{{ }}",
        "{{ $labels.instance | }}",
        "{{ \"open }}",
        "{{ (query \"up\" }}",
        "{{ query \"up\" ) }}",
        "{{ range $x := query \"up\" }}{{ end }}{{ $x }}",
        "{{ humanize $value }} {{ else }}",
        "{{ $labels.a-b }}",
        "{{ 5x }}",
        "{{ $labels . }} {{ nil }}",
        "{{ $x = 5 }}",
        "{{ $value | 5 }}",
        "{{ break }}",
        "{{ template x }}",
        "{{ $labels.a ; }}",
    ] {
        assert!(problem(text).is_some(), "{text}");
    }
}

proptest::proptest! {
    #[test]
    fn no_template_makes_it_panic(text in "(\\{\\{|\\}\\}|[a-z$.|()\"`:=,é -]){0,40}") {
        let _ = problem(&text);
    }
}
