//! Changes the checks of a profile's own in its file: known by their ids, each keeps its comments and what did
//! not change.

use aether_contract::{CheckSuite, CustomCheck, CustomCheckKind};
use toml_edit::{ArrayOfTables, Item, Table, TableLike, Value};

use crate::toml_values::{list, put, text_of};

/// Makes `[[checks]]` hold these, in the order in which they stand; new ones come last.
pub(super) fn apply(root: &mut Table, wanted: &[CustomCheck]) {
    match root.get_mut("checks") {
        Some(Item::ArrayOfTables(tables)) => {
            tables.retain(|table| is_wanted(table, wanted));
            for table in tables.iter_mut() {
                if let Some(one) = of(table, wanted) {
                    fill(table, one);
                }
            }
            let known: Vec<String> = tables.iter().filter_map(|table| text_of(table, "id")).collect();
            for one in wanted.iter().filter(|one| !known.contains(&one.id)) {
                tables.push(new(one));
            }
            if tables.is_empty() {
                root.remove("checks");
            }
        }
        // Written on one line, in brackets and braces: what is new is written there too.
        Some(Item::Value(Value::Array(items))) => {
            items.retain(|item| item.as_inline_table().is_some_and(|table| is_wanted(table, wanted)));
            for item in items.iter_mut() {
                if let Some(table) = item.as_inline_table_mut()
                    && let Some(one) = of(table, wanted)
                {
                    fill(table, one);
                }
            }
            let tables = items.iter().filter_map(Value::as_inline_table);
            let known: Vec<String> = tables.filter_map(|table| text_of(table, "id")).collect();
            for one in wanted.iter().filter(|one| !known.contains(&one.id)) {
                items.push(Value::InlineTable(new(one).into_inline_table()));
            }
        }
        _ if wanted.is_empty() => {}
        _ => {
            let mut tables = ArrayOfTables::new();
            for one in wanted {
                tables.push(new(one));
            }
            root.insert("checks", Item::ArrayOfTables(tables));
        }
    }
}

fn of<'w>(table: &dyn TableLike, wanted: &'w [CustomCheck]) -> Option<&'w CustomCheck> {
    let id = text_of(table, "id")?;
    wanted.iter().find(|one| one.id == id)
}

fn is_wanted(table: &dyn TableLike, wanted: &[CustomCheck]) -> bool {
    of(table, wanted).is_some()
}

fn new(one: &CustomCheck) -> Table {
    let mut table = Table::new();
    table.decor_mut().set_prefix("\n");
    fill(&mut table, one);
    table
}

fn fill(table: &mut dyn TableLike, one: &CustomCheck) {
    put(table, "id", one.id.as_str().into());
    optional(table, "title", &one.title, one.title == one.id);
    match &one.ask {
        CustomCheckKind::Query { query, expect } => {
            for key in ["url", "status", "contains"] {
                table.remove(key);
            }
            put(table, "query", query.as_str().into());
            // Spaces around it are nobody's change.
            if text_of(table, "expect").is_none_or(|now| now.trim() != expect.trim()) {
                put(table, "expect", expect.trim().into());
            }
        }
        CustomCheckKind::Http { url, status, contains } => {
            for key in ["query", "expect"] {
                table.remove(key);
            }
            put(table, "url", url.as_str().into());
            if *status != 200 || table.contains_key("status") {
                put(table, "status", i64::from(*status).into());
            }
            optional(table, "contains", contains, contains.is_empty());
        }
    }
    if one.suites != [CheckSuite::Quick] || table.contains_key("suites") {
        let names: Vec<String> = one.suites.iter().map(|suite| suite.as_str().to_owned()).collect();
        put(table, "suites", list(&names));
    }
    optional(table, "remedy", &one.remedy, one.remedy.is_empty());
}

/// A text that may stay away.
fn optional(table: &mut dyn TableLike, key: &str, text: &str, is_default: bool) {
    if !is_default {
        put(table, key, text.into());
    } else if text.is_empty() {
        table.remove(key);
    } else if table.contains_key(key) {
        put(table, key, text.into());
    }
}

#[cfg(test)]
mod tests {
    use toml_edit::DocumentMut;

    use super::*;

    const FILE: &str = "\
# My stack
[prometheus]
url = \"http://one:9090\" # the old one

# Is the queue short?
[[checks]]
id = \"queue\"  # never rename
query = \"\"\"
max by ($tenant_label) (queue)\"\"\"
expect = \"<=10\"
suites = [\"quick\", \"preprod\"] # both

# Does it answer?
[[checks]]
id = \"health\"
url = \"http://localhost:8000/health\"

[docker]
host = \"unix:///x\"
";

    fn query(id: &str, query: &str, expect: &str) -> CustomCheck {
        CustomCheck {
            id: id.into(),
            title: id.into(),
            ask: CustomCheckKind::Query { query: query.into(), expect: expect.into() },
            suites: vec![CheckSuite::Quick, CheckSuite::Preprod],
            remedy: String::new(),
        }
    }

    fn health() -> CustomCheck {
        let ask = CustomCheckKind::Http {
            url: "http://localhost:8000/health".into(),
            status: 200,
            contains: String::new(),
        };
        CustomCheck {
            id: "health".into(),
            title: "health".into(),
            ask,
            suites: vec![CheckSuite::Quick],
            remedy: String::new(),
        }
    }

    fn after(text: &str, wanted: &[CustomCheck]) -> String {
        let mut doc: DocumentMut = text.parse().unwrap();
        apply(doc.as_table_mut(), wanted);
        doc.to_string()
    }

    #[test]
    fn checks_as_they_stand_leave_the_file_byte_for_byte() {
        let same = [query("queue", "max by ($tenant_label) (queue)", "<=10"), health()];
        assert_eq!(after(FILE, &same), FILE);
        assert_eq!(after("[prometheus]\nurl = \"x\"\n", &[]), "[prometheus]\nurl = \"x\"\n");
    }

    #[test]
    fn a_changed_check_changes_its_values_and_keeps_its_comments() {
        let changed = [query("queue", "max by ($tenant_label) (queue)", "<= 20"), health()];
        assert_eq!(after(FILE, &changed), FILE.replace("\"<=10\"", "\"<= 20\""));
        let gone = after(FILE, &[health()]);
        assert!(
            !gone.contains("queue") && gone.contains("# Does it answer?\n[[checks]]\nid = \"health\""),
            "{gone}"
        );
        let mut titled = health();
        titled.title = "Health".into();
        titled.ask = CustomCheckKind::Query { query: "up".into(), expect: "== 1".into() };
        let turned = after(FILE, &[titled]);
        assert!(
            turned.contains("title = \"Health\"")
                && turned.contains("query = \"up\"")
                && !turned.contains("url = \"http://localhost"),
            "{turned}"
        );
    }

    #[test]
    fn a_new_check_comes_last_in_the_form_of_the_others() {
        let new = query("more", "sum(x)", "> 0");
        let text =
            after(FILE, &[query("queue", "max by ($tenant_label) (queue)", "<=10"), health(), new.clone()]);
        let added = "\n[[checks]]\nid = \"more\"\nquery = \"sum(x)\"\nexpect = \"> 0\"\nsuites = [\"quick\", \
            \"preprod\"]\n";
        assert!(text.contains(added), "{text}");
        assert!(
            text.find("id = \"more\"") < text.find("[docker]") && text.find("[docker]").is_some(),
            "{text}"
        );
        let first = after("[prometheus]\nurl = \"x\"\n", std::slice::from_ref(&new));
        assert_eq!(first, format!("[prometheus]\nurl = \"x\"\n{added}"));
        let inline = "checks = [{ id = \"health\", url = \"http://localhost:8000/health\" }] # mine\n";
        assert_eq!(after(inline, &[health()]), inline);
        let both = after(inline, &[health(), new]);
        assert!(both.ends_with("}] # mine\n") && both.contains("id = \"more\""), "{both}");
    }
}
