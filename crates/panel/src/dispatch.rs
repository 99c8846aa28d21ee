//! Commands by name, JSON in, JSON out: for the bridge, the shell and tests. Generated from the contract's list,
//! so that a command can't be missing in one adapter.

use std::pin::Pin;

use aether_contract::*;
use serde_json::Value;

use crate::Panel;

/// Reads a request. An absent one (`null`) counts as `{}`.
fn request<T: serde::de::DeserializeOwned>(command: &str, value: Value) -> Result<T, PanelError> {
    let value = if value.is_null() { Value::Object(serde_json::Map::new()) } else { value };
    serde_json::from_value(value).map_err(|error| {
        // serde's message names the field and what was expected. It can quote a wrong value, which for the
        // one request with a secret in it must not come back out.
        let reason =
            if command == "secret_set" { secret_free(&error.to_string()) } else { error.to_string() };
        PanelError::new(ErrorCode::InvalidRequest, command, format!("Invalid request: {reason}."))
    })
}

/// Keeps a message only if it names a missing field; anything else may quote what was sent.
fn secret_free(message: &str) -> String {
    if message.starts_with("missing field") {
        message.to_owned()
    } else {
        "expected the strings `id` and `secret`".to_owned()
    }
}

/// A command behind a pointer. Its type ends here: the window and the bridge would have to prove anew, for each of
/// their handlers, that the state machines of all commands are `Send`, which takes a compiler minutes.
fn boxed<'a, T>(
    command: impl Future<Output = Result<T, PanelError>> + Send + 'a,
) -> Pin<Box<dyn Future<Output = Result<T, PanelError>> + Send + 'a>> {
    Box::pin(command)
}

macro_rules! by_name {
    ($($(#[$doc:meta])* $name:ident($request:ty) -> $reply:ty;)*) => {
        /// Runs the command `name` (snake case, as in [`COMMANDS`]).
        ///
        /// # Errors
        /// `not-found` for an unknown command, `invalid-request` naming the field when the JSON does not fit,
        /// and whatever the command itself refuses.
        pub async fn dispatch(panel: &Panel, name: &str, body: Value) -> Result<Value, PanelError> {
            match name {
                $(stringify!($name) => {
                    let request: $request = request(name, body)?;
                    let reply: $reply = boxed(panel.$name(request)).await?;
                    serde_json::to_value(reply).map_err(|error| {
                        PanelError::new(ErrorCode::Internal, name, "Failed to serialize the reply as JSON.")
                            .with_detail(error.to_string())
                    })
                })*
                _ => Err(PanelError::new(
                    ErrorCode::NotFound,
                    "panel",
                    format!("Unknown command \"{}\".", aether_foundation::text::truncate(name, 80)),
                )),
            }
        }
    };
}
for_each_command!(by_name);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wrong_field_is_named_and_a_secret_is_not() {
        let error =
            request::<GaugeTenantsRequest>("gauge_tenants", serde_json::json!({"id": "a"})).unwrap_err();
        assert_eq!(error.code, ErrorCode::InvalidRequest);
        assert!(error.message.contains("limit"), "{}", error.message);
        let error =
            request::<SecretSetRequest>("secret_set", serde_json::json!({"id": "a", "secret": 12345}))
                .unwrap_err();
        assert!(!error.message.contains("12345"), "{}", error.message);
    }

    #[test]
    fn no_body_is_an_empty_request() {
        assert!(request::<Empty>("refresh", Value::Null).is_ok());
    }
}
