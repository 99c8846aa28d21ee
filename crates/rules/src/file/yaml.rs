//! YAML with the line of every value and the place of every comment, aliases and merge keys resolved. Pure.

use std::collections::HashMap;

use granit_parser::{Event, Options, Parser, ScalarStyle};

/// Most values of a file, those that aliases repeat counted each time.
const MAX_NODES: usize = 500_000;
/// Deepest nesting.
const MAX_DEPTH: usize = 64;

/// A value.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Node {
    /// Line where it begins, from 1.
    pub(super) line: u32,
    /// Line where it ends.
    pub(super) end: u32,
    /// What it is.
    pub(super) kind: Kind,
}

/// What a value is.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Kind {
    /// A text, and whether it stands without quotes, so that it may be a number or nothing.
    Text(String, bool),
    /// A list.
    List(Vec<Node>),
    /// A mapping: keys with their lines, and values.
    Map(Vec<(String, u32, Node)>),
}

/// A comment: its line, its text behind the `#`, and whether it stands on a line of its own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Comment {
    pub(super) line: u32,
    pub(super) text: String,
    pub(super) alone: bool,
}

/// A file.
#[derive(Debug, Default)]
pub(super) struct Stream {
    /// Its documents, without empty ones.
    pub(super) documents: Vec<Node>,
    /// Comments, in order.
    pub(super) comments: Vec<Comment>,
    /// Keys that are there twice: line and words.
    pub(super) repeated: Vec<(u32, String)>,
}

impl Node {
    /// The value of a key.
    pub(super) fn get(&self, key: &str) -> Option<&Node> {
        match &self.kind {
            Kind::Map(entries) => entries.iter().find(|(name, ..)| name == key).map(|(.., node)| node),
            _ => None,
        }
    }

    /// Its text, when it is one.
    pub(super) fn text(&self) -> Option<&str> {
        match &self.kind {
            Kind::Text(text, _) => Some(text),
            _ => None,
        }
    }

    /// Whether it is nothing: `key:` with no value.
    pub(super) fn is_null(&self) -> bool {
        matches!(&self.kind, Kind::Text(text, true) if matches!(text.as_str(), "" | "~" | "null" | "Null" | "NULL"))
    }
}

/// A value that is being read.
enum Open {
    List(u32, usize, Vec<Node>),
    Map(u32, usize, Vec<(String, u32, Node)>, Option<(String, u32)>),
}

/// Reads a file.
///
/// # Errors
/// The line, and what is wrong there.
pub(super) fn read(text: &str) -> Result<Stream, (u32, String)> {
    let mut options = Options::default();
    options.block_scalar_eof_without_line_feed = true;
    let mut stream = Stream::default();
    let mut anchors: HashMap<usize, Node> = HashMap::new();
    let mut open: Vec<Open> = Vec::new();
    let mut nodes = 0_usize;
    for event in Parser::new_from_str_with_options(text, options) {
        let (event, span) = event.map_err(|error| {
            (number(error.marker().line()), format!("invalid YAML: {}", error.to_string().trim()))
        })?;
        let (line, end) = (number(span.start.line()), number(span.end.line()));
        let done = match event {
            Event::Comment(words, _) => {
                let lead = span.byte_range().and_then(|range| text.get(..range.start));
                let lead = lead.map_or("", |lead| lead.rsplit('\n').next().unwrap_or_default());
                let alone = lead.trim().is_empty();
                stream.comments.push(Comment { line, text: words.into_owned(), alone });
                continue;
            }
            Event::Scalar(value, style, anchor, _) => {
                let plain = style == ScalarStyle::Plain;
                // A block ends where its last line does, not where the next value begins.
                let end = if span.end.col() == 0 && end > line { end - 1 } else { end };
                let node = Node { line, end, kind: Kind::Text(value.into_owned(), plain) };
                keep(&mut anchors, anchor, &node);
                node
            }
            Event::Alias(anchor) => {
                let node = anchors.get(&anchor).ok_or((line, "unknown anchor".to_owned()))?;
                nodes += size(node);
                if nodes > MAX_NODES {
                    return Err((line, format!("more than {MAX_NODES} values")));
                }
                let mut node = node.clone();
                (node.line, node.end) = (line, line);
                node
            }
            Event::SequenceStart(_, anchor, _) => {
                open.push(Open::List(line, anchor, Vec::new()));
                if open.len() > MAX_DEPTH {
                    return Err((line, format!("nested more than {MAX_DEPTH} deep")));
                }
                continue;
            }
            Event::MappingStart(_, anchor, _) => {
                open.push(Open::Map(line, anchor, Vec::new(), None));
                if open.len() > MAX_DEPTH {
                    return Err((line, format!("nested more than {MAX_DEPTH} deep")));
                }
                continue;
            }
            Event::SequenceEnd | Event::MappingEnd => {
                let (node, anchor) = match open.pop() {
                    Some(Open::List(from, anchor, all)) => {
                        let end = all.last().map_or(line, |last| last.end.max(from));
                        (Node { line: from, end, kind: Kind::List(all) }, anchor)
                    }
                    Some(Open::Map(from, anchor, all, _)) => {
                        let end = all.last().map_or(line, |(_, key, last)| last.end.max(*key));
                        (Node { line: from, end, kind: Kind::Map(merged(all)) }, anchor)
                    }
                    None => continue,
                };
                keep(&mut anchors, anchor, &node);
                node
            }
            Event::DocumentEnd => {
                anchors.clear();
                continue;
            }
            _ => continue,
        };
        nodes += 1;
        if nodes > MAX_NODES {
            return Err((line, format!("more than {MAX_NODES} values")));
        }
        match open.last_mut() {
            None => {
                if !done.is_null() {
                    stream.documents.push(done);
                }
            }
            Some(Open::List(.., all)) => all.push(done),
            Some(Open::Map(.., all, key)) => match key.take() {
                None => {
                    let Kind::Text(name, _) = done.kind else {
                        return Err((line, "a key must be a plain value".to_owned()));
                    };
                    *key = Some((name, done.line));
                }
                Some((name, at)) => {
                    if name != "<<"
                        && let Some((_, first, _)) = all.iter().find(|(other, ..)| *other == name)
                    {
                        stream
                            .repeated
                            .push((at, format!("key {name:?} is already defined at line {first}")));
                    }
                    all.push((name, at, done));
                }
            },
        }
    }
    Ok(stream)
}

fn number(line: usize) -> u32 {
    u32::try_from(line).unwrap_or(u32::MAX)
}

fn keep(anchors: &mut HashMap<usize, Node>, anchor: usize, node: &Node) {
    if anchor > 0 {
        anchors.insert(anchor, node.clone());
    }
}

fn size(node: &Node) -> usize {
    match &node.kind {
        Kind::Text(..) => 1,
        Kind::List(all) => 1 + all.iter().map(size).sum::<usize>(),
        Kind::Map(all) => 1 + all.iter().map(|(.., node)| size(node)).sum::<usize>(),
    }
}

/// A mapping with what its merge keys bring: keys that it has itself stay as they are.
fn merged(entries: Vec<(String, u32, Node)>) -> Vec<(String, u32, Node)> {
    if entries.iter().all(|(name, ..)| name != "<<") {
        return entries;
    }
    let (merges, mut own): (Vec<_>, Vec<_>) = entries.into_iter().partition(|(name, ..)| name == "<<");
    for (_, line, node) in merges {
        let parts = match node.kind {
            Kind::List(parts) => parts,
            other => vec![Node { kind: other, ..node }],
        };
        for part in parts {
            let Kind::Map(entries) = part.kind else { continue };
            for (name, _, value) in entries {
                if own.iter().all(|(other, ..)| *other != name) {
                    own.push((name, line, value));
                }
            }
        }
    }
    own
}
