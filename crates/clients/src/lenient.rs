//! Reads what Go writes: an empty map or list is often `null`.

use serde::{Deserialize, Deserializer};

/// `null` reads as the default.
pub(crate) fn nullable<'de, D, T>(deserializer: D) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: Default + Deserialize<'de>,
{
    Ok(Option::<T>::deserialize(deserializer)?.unwrap_or_default())
}
