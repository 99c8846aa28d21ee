//! Alertmanager's fingerprint of a label set, so that an alert keeps one identity whether Prometheus or
//! Alertmanager told about it.
//!
//! FNV-1a, 64 bits, over the labels in order of their names, each as `name 0xff value 0xff`
//! (prometheus/common, `model/signature.go`).

use std::collections::BTreeMap;

use aether_contract::AlertFingerprint;

const OFFSET: u64 = 0xcbf2_9ce4_8422_2325;
const PRIME: u64 = 0x0000_0100_0000_01b3;
const SEPARATOR: u8 = 0xff;

/// Running FNV-1a sum over label pairs. Pairs must come in order of their names.
pub struct LabelHash(u64);

impl Default for LabelHash {
    fn default() -> Self {
        Self::new()
    }
}

impl LabelHash {
    /// The hash of no labels.
    pub fn new() -> Self {
        Self(OFFSET)
    }

    fn bytes(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = (self.0 ^ u64::from(*byte)).wrapping_mul(PRIME);
        }
    }

    /// Adds a label. Labels have to come in the order of their names.
    pub fn pair(&mut self, name: &str, value: &str) {
        self.bytes(name.as_bytes());
        self.bytes(&[SEPARATOR]);
        self.bytes(value.as_bytes());
        self.bytes(&[SEPARATOR]);
    }

    /// The hash of all labels added so far.
    pub fn finish(self) -> u64 {
        self.0
    }
}

/// Sum of a whole label set. Empty values count as absent labels, as they do for both servers.
pub fn label_hash(labels: &BTreeMap<String, String>) -> u64 {
    let mut hash = LabelHash::new();
    for (name, value) in labels.iter().filter(|(_, value)| !value.is_empty()) {
        hash.pair(name, value);
    }
    hash.finish()
}

/// The fingerprint as Alertmanager's API writes it: 16 hexadecimal digits.
pub fn fingerprint(labels: &BTreeMap<String, String>) -> AlertFingerprint {
    AlertFingerprint(format!("{:016x}", label_hash(labels)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_empty_label_set_has_the_offset_basis() {
        assert_eq!(fingerprint(&BTreeMap::new()).0, "cbf29ce484222325");
    }

    #[test]
    fn an_empty_value_is_an_absent_label() {
        let with = BTreeMap::from([("a".to_owned(), "1".to_owned()), ("b".to_owned(), String::new())]);
        let without = BTreeMap::from([("a".to_owned(), "1".to_owned())]);
        assert_eq!(fingerprint(&with), fingerprint(&without));
    }
}
