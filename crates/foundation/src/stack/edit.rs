//! Changes a profile's file as a person would: only the values that differ, comments and order untouched. Refuses a
//! file that is no TOML, because there is nothing to preserve then.

use crate::toml_values::{list, put, text_of};
use std::path::Path;

use aether_contract::{AuthSpec, EndpointSpec, PanelError, StackSaveRequest, StackSource};
use toml_edit::{ArrayOfTables, DocumentMut, InlineTable, Item, Table, TableLike, Value};

use super::{builtin, edit_checks, endpoint::Place, read, values::to_error};

/// First lines of a new file.
const HEADER: &str = "# Stack profile for the AetherLink panel. All keys: docs/stack-profile.md.\n# Do \
    not put credentials here; store them in the keyring.\n\n";

/// Keys of `auth` and of `tls`.
const AUTH: [&str; 2] = ["kind", "username"];
const TLS: [&str; 3] = ["ca_file", "client_cert_file", "client_key_file"];

/// The file's text after `request`; `before` is its text now, if there is one.
///
/// # Errors
/// `invalid-config` when `before` is no TOML.
pub fn apply(before: Option<&str>, request: &StackSaveRequest, path: &Path) -> Result<String, PanelError> {
    let mut doc: DocumentMut = match before.map(str::parse) {
        Some(Ok(doc)) => doc,
        Some(Err(_)) => {
            let text = before.unwrap_or_default();
            let problems = read::read(text, path, read::Naming::Free).err().unwrap_or_default();
            return Err(to_error(&problems, text, path).with_hint(
                "Fix the file manually first: it is not valid TOML, so its contents cannot be preserved.",
            ));
        }
        None => DocumentMut::new(),
    };
    let place = Place::of(path);
    let defaults = builtin::defaults(&request.name, StackSource::BuiltIn);
    let new = before.is_none();
    let root = doc.as_table_mut();
    if new {
        root.decor_mut().set_prefix(HEADER);
        put(root, "name", request.name.as_str().into());
    }
    put_unless_default(root, "tenant_label", request.tenant_label == defaults.tenant_label && !new, || {
        request.tenant_label.as_str().into()
    });
    put_unless_default(root, "vip_tenants", request.vip_tenants == defaults.vip_tenants && !new, || {
        list(&request.vip_tenants)
    });
    endpoint(root, "prometheus", "url", &request.prometheus, &place);
    endpoint(root, "alertmanager", "urls", &request.alertmanager, &place);
    endpoint(root, "grafana", "url", &request.grafana, &place);
    if let Some(checks) = &request.checks {
        edit_checks::apply(root, checks);
    }
    if request.heartbeat.is_empty() {
        take_out(root, "heartbeat", &["alertname"]);
    } else if let Some(section) = section(root, "heartbeat") {
        put(section, "alertname", request.heartbeat.as_str().into());
    }
    Ok(doc.to_string())
}

/// The file's text with another image for a pinned service. Without a list of its own it gets the whole list
/// in force, since a list that is given replaces the built-in one.
///
/// # Errors
/// In words: it is no TOML, or its list is written in a form that is not touched.
pub(super) fn pin(text: &str, service: &str, image: &str, in_force: &[super::Pin]) -> Result<String, String> {
    let mut doc: DocumentMut = text.parse().map_err(|error: toml_edit::TomlError| error.to_string())?;
    let root = doc.as_table_mut();
    if !root.contains_key("pins") {
        let mut all = ArrayOfTables::new();
        for one in in_force {
            let mut table = Table::new();
            put(&mut table, "service", one.service.as_str().into());
            put(&mut table, "container", one.container.as_str().into());
            put(&mut table, "image", if one.service == service { image } else { &one.image }.into());
            if one.optional {
                put(&mut table, "optional", true.into());
            }
            all.push(table);
        }
        root.insert("pins", Item::ArrayOfTables(all));
        return Ok(doc.to_string());
    }
    let Some(all) = root.get_mut("pins").and_then(Item::as_array_of_tables_mut) else {
        return Err("pins is not a list of [[pins]]; edit it manually".to_owned());
    };
    let is = |table: &Table| table.get("service").and_then(Item::as_str) == Some(service);
    match all.iter_mut().find(|table| is(table)) {
        Some(table) => put(table, "image", image.into()),
        None => return Err(format!("its [[pins]] have no service {service}")),
    }
    Ok(doc.to_string())
}

/// Sets a key that may also stay away when the wanted value is what its absence means.
fn put_unless_default(table: &mut dyn TableLike, key: &str, is_default: bool, value: impl Fn() -> Value) {
    if !is_default || table.contains_key(key) {
        put(table, key, value());
    }
}

fn section<'t>(root: &'t mut dyn TableLike, name: &str) -> Option<&'t mut dyn TableLike> {
    if root.get(name).is_none_or(|item| item.as_table_like().is_none()) {
        root.insert(name, Item::Table(Table::new()));
    }
    root.get_mut(name)?.as_table_like_mut()
}

fn endpoint(root: &mut dyn TableLike, name: &str, url_key: &str, spec: &EndpointSpec, place: &Place) {
    if spec.urls.is_empty() {
        // Not used: what is left of the section (a dashboard's uid) stays.
        if let Some(table) = root.get_mut(name).and_then(Item::as_table_like_mut) {
            for key in [url_key, "headers", "allow_plain_http"] {
                table.remove(key);
            }
            take_out(table, "auth", &AUTH);
            take_out(table, "tls", &TLS);
            if table.is_empty() {
                root.remove(name);
            }
        }
        return;
    }
    let Some(table) = section(root, name) else { return };
    let urls = match (url_key, spec.urls.first()) {
        ("url", Some(url)) => url.as_str().into(),
        _ => list(&spec.urls),
    };
    put(table, url_key, urls);
    auth(table, &spec.auth);
    headers(table, spec);
    tls(table, spec, place);
    put_unless_default(table, "allow_plain_http", !spec.allow_plain_http, || spec.allow_plain_http.into());
}

fn auth(table: &mut dyn TableLike, auth: &AuthSpec) {
    // The same authentication in another spelling stays as it was written.
    let kind = |item: &Item| match item.as_table_like() {
        Some(table) => (text_of(table, "kind"), text_of(table, "username")),
        None => (item.as_str().map(str::to_owned), None),
    };
    let now = table.get("auth").map(kind).unwrap_or_default();
    let wanted = match auth {
        AuthSpec::None if now.0.is_none() => return,
        AuthSpec::None => ("none", None),
        AuthSpec::Bearer => ("bearer", None),
        AuthSpec::Basic { username } => ("basic", Some(username.clone())),
    };
    if now == (Some(wanted.0.to_owned()), wanted.1.clone()) {
        return;
    }
    match wanted {
        ("none", _) => take_out(table, "auth", &AUTH),
        (kind, username) if has_more(table, "auth", &AUTH) => {
            let Some(auth) = table.get_mut("auth").and_then(Item::as_table_like_mut) else { return };
            put(auth, "kind", kind.into());
            match username {
                Some(username) => put(auth, "username", username.into()),
                None => {
                    auth.remove("username");
                }
            }
        }
        (kind, None) => replace(table, "auth", kind.into()),
        (kind, Some(username)) => {
            let mut inline = InlineTable::new();
            inline.insert("kind", kind.into());
            inline.insert("username", username.into());
            replace(table, "auth", Value::InlineTable(inline));
        }
    }
}

/// Whether a section has other keys than these.
fn has_more(table: &dyn TableLike, name: &str, keys: &[&str]) -> bool {
    let section = table.get(name).and_then(Item::as_table_like);
    section.is_some_and(|section| section.iter().any(|(key, _)| !keys.contains(&key)))
}

/// Takes these keys out of a section, and the section with the last of its keys: one that this version does not know
/// stays.
fn take_out(table: &mut dyn TableLike, name: &str, keys: &[&str]) {
    let rest = table.get_mut(name).and_then(Item::as_table_like_mut).is_some_and(|section| {
        for key in keys {
            section.remove(key);
        }
        !section.is_empty()
    });
    if !rest {
        table.remove(name);
    }
}

/// Sets a value in place of a value or a whole table.
fn replace(table: &mut dyn TableLike, key: &str, value: Value) {
    if table.get(key).is_some_and(|item| !item.is_value()) {
        table.remove(key);
    }
    put(table, key, value);
}

fn headers(table: &mut dyn TableLike, spec: &EndpointSpec) {
    if spec.headers.is_empty() {
        table.remove("headers");
        return;
    }
    if table.get("headers").is_none_or(|item| item.as_table_like().is_none()) {
        table.insert("headers", Item::Value(Value::InlineTable(InlineTable::new())));
    }
    let Some(headers) = table.get_mut("headers").and_then(Item::as_table_like_mut) else { return };
    let gone: Vec<String> = headers
        .iter()
        .map(|(name, _)| name.to_owned())
        .filter(|name| !spec.headers.contains_key(name))
        .collect();
    for name in gone {
        headers.remove(&name);
    }
    for (name, value) in &spec.headers {
        put(headers, name, value.as_str().into());
    }
}

fn tls(table: &mut dyn TableLike, spec: &EndpointSpec, place: &Place) {
    let wanted = [
        ("ca_file", &spec.ca_file),
        ("client_cert_file", &spec.client_cert_file),
        ("client_key_file", &spec.client_key_file),
    ];
    if wanted.iter().all(|(_, file)| file.is_none()) {
        take_out(table, "tls", &TLS);
        return;
    }
    if table.get("tls").is_none_or(|item| item.as_table_like().is_none()) {
        table.insert("tls", Item::Value(Value::InlineTable(InlineTable::new())));
    }
    let Some(files) = table.get_mut("tls").and_then(Item::as_table_like_mut) else { return };
    for (key, file) in wanted {
        match file {
            None => {
                files.remove(key);
            }
            Some(file) => {
                // `ca.pem` beside the profile comes back from the panel as an absolute path.
                let now = text_of(files, key);
                let same = now.is_some_and(|now| now == *file || place.resolve(&now) == Path::new(file));
                if !same {
                    put(files, key, file.as_str().into());
                }
            }
        }
    }
}
