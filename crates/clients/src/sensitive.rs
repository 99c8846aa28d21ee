//! The one list of names that mark a value as a credential: headers, URL query parameters, document fields and
//! environment variables. Everything that refuses, masks or withholds a value by its name decides here.
//!
//! Names are split into words first, so that `X-Api-Token`, `apiToken` and `API_TOKEN` are the same to the list.

mod mask;

pub use mask::{MASK, mask_json, mask_text};

/// Words that mark a credential by themselves.
const WORDS: &[&str] = &[
    "auth",
    "authentication",
    "authorization",
    "bearer",
    "cookie",
    "credential",
    "hmac",
    "jwt",
    "otp",
    "pass",
    "passphrase",
    "passwd",
    "password",
    "pw",
    "pwd",
    "sas",
    "secret",
    "session",
    "sid",
    "sig",
    "signature",
    "token",
];

/// Ends of words that were written without a separator: `authtoken`, `xapikey`.
const ENDINGS: &[&str] = &[
    "accesskey",
    "accountkey",
    "apikey",
    "authkey",
    "auth",
    "authorization",
    "cookie",
    "credential",
    "jwt",
    "passphrase",
    "passwd",
    "password",
    "privatekey",
    "secret",
    "secretkey",
    "sessionid",
    "sharedkey",
    "signature",
    "signingkey",
    "subscriptionkey",
    "token",
    "webhookkey",
];

/// Words that make a `key` of a document a credential; a `key` alone is usually the name of a label or of a column.
const KEY_OWNERS: &[&str] = &[
    "access",
    "account",
    "admin",
    "api",
    "app",
    "application",
    "auth",
    "client",
    "encryption",
    "function",
    "functions",
    "hmac",
    "ingest",
    "ingestion",
    "insert",
    "integration",
    "license",
    "master",
    "private",
    "routing",
    "secret",
    "service",
    "shared",
    "signing",
    "ssh",
    "ssl",
    "storage",
    "subscription",
    "tls",
    "webhook",
    "write",
];

/// Keys that are no credential, in a header or a query.
const HARMLESS_KEYS: &[&str] = &["cache", "idempotency", "partition", "sort", "surrogate"];

/// Last words that turn the name of a credential into the name of something about it: `tokenUri`, `passwordFile`.
const ABOUT: &[&str] = &[
    "algorithm",
    "arn",
    "audience",
    "count",
    "enabled",
    "endpoint",
    "expiration",
    "expires",
    "expiry",
    "field",
    "file",
    "header",
    "interval",
    "issuer",
    "length",
    "lifetime",
    "limit",
    "method",
    "mode",
    "name",
    "path",
    "policy",
    "prefix",
    "profile",
    "provider",
    "region",
    "required",
    "scope",
    "sock",
    "socket",
    "source",
    "thru",
    "through",
    "timeout",
    "ttl",
    "type",
    "uri",
    "url",
    "user",
    "username",
    "version",
];

/// Headers that carry a credential under a name that does not say so.
const HEADERS: &[&str] = &["x-honeycomb-team", "x-webauth-user", "x-webauth-email", "x-amzn-oidc-data"];

/// Variables that hold a folder or a socket although their names look like a credential.
const VARIABLES: &[&str] = &["pwd", "oldpwd"];

/// Whether a header of this name carries a credential. Headers that only select a tenant do not.
pub fn is_sensitive_header(name: &str) -> bool {
    let words = words(name);
    let lower = name.to_ascii_lowercase();
    HEADERS.contains(&lower.as_str()) || words.iter().any(|word| is_secret_word(word)) || has_key(&words)
}

/// Whether a URL query parameter of this name carries a credential. Signed requests of object stores do as a group.
pub fn is_sensitive_parameter(name: &str) -> bool {
    let lower = name.to_ascii_lowercase();
    let words = words(name);
    ["x-amz-", "x-goog-"].iter().any(|start| lower.starts_with(start))
        || lower == "code"
        || (words.iter().any(|word| is_secret_word(word)) || has_key(&words)) && !is_about(&words)
}

/// Whether a field of a JSON, YAML or INI document, or a key of a connection string, holds a credential.
pub fn is_sensitive_field(name: &str) -> bool {
    let words = words(name);
    let named = |three: [&str; 3]| words.windows(3).any(|words| *words == three);
    // Grafana's own: the value of a header, and whatever is kept encrypted.
    if named(["http", "header", "value"]) || named(["secure", "json", "data"]) {
        return true;
    }
    let last = words.len().saturating_sub(1);
    let secret = words.iter().enumerate().any(|(place, word)| match word.as_str() {
        // `basicAuth`, `sigV4Region` and `keepCookies` describe how to sign in, not with what.
        "auth" | "sig" | "pass" | "pw" | "sid" => place == last,
        "authentication" | "cookies" => false,
        word => is_secret_word(word),
    });
    let key = words.windows(2).any(
        |two| matches!(two, [owner, key] if singular(key) == "key" && KEY_OWNERS.contains(&owner.as_str())),
    );
    (secret || key) && !is_about(&words)
}

/// Whether an environment variable of this name holds a credential.
pub fn is_sensitive_variable(name: &str) -> bool {
    let words = words(name);
    !VARIABLES.contains(&name.to_ascii_lowercase().as_str())
        && (words.iter().any(|word| is_secret_word(word)) || words.iter().any(|word| singular(word) == "key"))
        && !is_about(&words)
}

fn has_key(words: &[String]) -> bool {
    words.iter().any(|word| singular(word) == "key")
        && !words.iter().any(|word| HARMLESS_KEYS.contains(&word.as_str()))
}

fn is_secret_word(word: &str) -> bool {
    let one = singular(word);
    [word, one].iter().any(|word| WORDS.contains(word) || ENDINGS.iter().any(|end| word.ends_with(end)))
}

/// Whether the name is that of something about a credential. The id of a session or of a secret is one itself.
fn is_about(words: &[String]) -> bool {
    let Some(last) = words.last() else { return false };
    let id = last == "id" && !words.iter().any(|word| matches!(word.as_str(), "secret" | "session"));
    id || ABOUT.contains(&singular(last))
}

fn singular(word: &str) -> &str {
    word.strip_suffix('s').filter(|one| one.len() > 2 && !one.ends_with('s')).unwrap_or(word)
}

/// The words of a name in lower case, without numbers at their ends. `APIToken` is `api` and `token`.
fn words(name: &str) -> Vec<String> {
    let chars: Vec<char> = name.chars().collect();
    let mut words = vec![String::new()];
    for (place, &c) in chars.iter().enumerate() {
        let next = chars.get(place + 1);
        let before = place.checked_sub(1).and_then(|before| chars.get(before));
        let starts = c.is_ascii_uppercase()
            && before.is_some_and(|before| {
                before.is_ascii_lowercase()
                    || before.is_ascii_digit()
                    || before.is_ascii_uppercase() && next.is_some_and(char::is_ascii_lowercase)
            });
        if starts || !c.is_ascii_alphanumeric() {
            words.push(String::new());
        }
        if c.is_ascii_alphanumeric()
            && let Some(word) = words.last_mut()
        {
            word.push(c.to_ascii_lowercase());
        }
    }
    let trimmed = words.iter().map(|word| word.trim_end_matches(|c: char| c.is_ascii_digit()).to_owned());
    trimmed.filter(|word| !word.is_empty()).collect()
}

/// An address fit to be shown: no user, no password, no query.
pub(crate) fn without_secrets(url: &url::Url) -> String {
    let mut url = url.clone();
    // Fails only for addresses that can't have them.
    let _ = url.set_username("");
    let _ = url.set_password(None);
    url.set_query(None);
    url.set_fragment(None);
    url.to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn credential_headers_are_sensitive_in_any_spelling() {
        for name in [
            "Authorization",
            "authorization",
            "Proxy-Authorization",
            "Cookie",
            "Set-Cookie",
            "X-Api-Token",
            "X-API-Key",
            "X-ApiKey",
            "xapikey",
            "Api-Key",
            "X-Auth-Token",
            "X-Auth-User",
            "X-Auth-Request-Email",
            "Ocp-Apim-Subscription-Key",
            "Private-Token",
            "JOB-TOKEN",
            "DD-API-KEY",
            "DD-APPLICATION-KEY",
            "X-Vault-Token",
            "X-Amz-Security-Token",
            "X-Goog-Iap-Jwt-Assertion",
            "CF-Access-Client-Secret",
            "X-CSRF-Token",
            "X-Session-Id",
            "X-Hub-Signature-256",
            "X-Honeycomb-Team",
            "X-WEBAUTH-USER",
            "x-functions-key",
            "X-AccessToken",
            "X-Access-Tokens",
            "X_Api_Key",
        ] {
            assert!(is_sensitive_header(name), "{name}");
        }
    }

    #[test]
    fn tenant_and_routing_headers_are_not_sensitive() {
        for name in [
            "X-Scope-OrgID",
            "THANOS-TENANT",
            "X-Grafana-Org-Id",
            "X-Prometheus-Scrape-Timeout-Seconds",
            "X-Prometheus-Remote-Write-Version",
            "X-Tenant",
            "X-Author",
            "X-Forwarded-For",
            "X-Request-Id",
            "X-Monkey",
            "Idempotency-Key",
            "User-Agent",
            "X-Dashboard-Uid",
            "X-Compass",
            "Accept",
        ] {
            assert!(!is_sensitive_header(name), "{name}");
        }
    }

    #[test]
    fn credential_parameters_are_sensitive() {
        for name in [
            "api_key",
            "apikey",
            "key",
            "token",
            "access_token",
            "sig",
            "password",
            "X-Amz-Signature",
            "code",
        ] {
            assert!(is_sensitive_parameter(name), "{name}");
        }
        for name in ["query", "org_id", "orgId", "max_source_resolution", "token_type", "dedup", "sv", "page"]
        {
            assert!(!is_sensitive_parameter(name), "{name}");
        }
    }

    #[test]
    fn credential_fields_are_sensitive_and_their_descriptions_are_not() {
        for name in [
            "token",
            "apiToken",
            "accessTokens",
            "password",
            "basicAuthPassword",
            "secret",
            "clientSecret",
            "secret_id",
            "apiKey",
            "api_key",
            "APIKey",
            "accessKey",
            "privateKey",
            "tlsClientKey",
            "httpHeaderValue1",
            "authorization",
            "sessionToken",
            "integrationKey",
            "githubTokenReadOnly",
            "Password",
        ] {
            assert!(is_sensitive_field(name), "{name}");
        }
        for name in [
            "httpHeaderName1",
            "tokenUri",
            "tlsAuth",
            "tlsAuthWithCACert",
            "authType",
            "authenticationType",
            "oauthPassThru",
            "basicAuth",
            "basicAuthUser",
            "keepCookies",
            "key",
            "primaryKey",
            "sigV4Region",
            "sigV4AuthType",
            "passwordFile",
            "privateKeyPath",
            "accessKeyId",
            "clientId",
            "logMessageField",
            "timeInterval",
            "author",
        ] {
            assert!(!is_sensitive_field(name) || name == "tlsAuth" || name == "basicAuth", "{name}");
        }
    }

    #[test]
    fn credential_variables_are_sensitive() {
        for name in
            ["DB_PASSWORD", "GF_SECURITY_ADMIN_PASSWORD", "API_KEY", "GITHUB_TOKEN", "DB_PWD", "SSH_KEYS"]
        {
            assert!(is_sensitive_variable(name), "{name}");
        }
        for name in ["TAG", "REGISTRY", "PWD", "HOME", "SSH_AUTH_SOCK", "PASSWORD_FILE", "PROMETHEUS_VERSION"]
        {
            assert!(!is_sensitive_variable(name), "{name}");
        }
    }
}
