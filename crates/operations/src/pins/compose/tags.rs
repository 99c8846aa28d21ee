//! `!reset` and `!override` of a compose file, as compose-go carries them out: both take the value at their place away
//! from the files before, and `!reset` takes its own away too. Pure.

use yaml_serde::Value;

/// A document without tags, with the places whose earlier values are gone.
#[derive(Debug, Clone, PartialEq)]
pub struct Tagless {
    /// The document.
    pub value: Value,
    /// Places from the root, by key. What is in a list is not told: an element of it has no place in another file.
    pub resets: Vec<Vec<String>>,
}

impl Tagless {
    /// Takes the tags of a document away.
    pub fn new(value: Value) -> Self {
        let mut resets = Vec::new();
        let value = strip(value, &mut Vec::new(), &mut resets, true).unwrap_or(Value::Null);
        Self { value, resets }
    }
}

/// The value without tags, none when it is reset. `named` is false within lists.
fn strip(value: Value, place: &mut Vec<String>, resets: &mut Vec<Vec<String>>, named: bool) -> Option<Value> {
    match value {
        Value::Tagged(tagged) => {
            let reset = tagged.tag == "reset";
            if named && (reset || tagged.tag == "override") {
                resets.push(place.clone());
            }
            if reset { None } else { strip(tagged.value, place, resets, named) }
        }
        Value::Mapping(map) => {
            let stripped = map.into_iter().filter_map(|(key, value)| {
                place.push(key.as_str().unwrap_or_default().to_owned());
                let value = strip(value, place, resets, named);
                place.pop();
                value.map(|value| (key, value))
            });
            Some(Value::Mapping(stripped.collect()))
        }
        Value::Sequence(all) => {
            let stripped = all.into_iter().filter_map(|value| strip(value, place, resets, false));
            Some(Value::Sequence(stripped.collect()))
        }
        other => Some(other),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_are_taken_away_with_the_places_that_they_reset() {
        let text = "a: !reset null\nb: {c: !override [1], d: !reset\n  }\ne: [!reset 1, 2]\nf: !other x\n";
        let found = Tagless::new(yaml_serde::from_str(text).unwrap());
        assert_eq!(found.value, yaml_serde::from_str::<Value>("{b: {c: [1]}, e: [2], f: x}").unwrap());
        assert_eq!(found.resets, [vec!["a"], vec!["b", "c"], vec!["b", "d"]]);
    }
}
