//! The templates of labels and annotations, parsed as Go's `text/template` parses them with Prometheus's functions: one
//! that is broken makes Prometheus refuse the whole file. Pure.

/// Functions of Go's templates, and Prometheus's own.
const FUNCTIONS: [&str; 49] = [
    "and",
    "call",
    "html",
    "index",
    "slice",
    "js",
    "len",
    "not",
    "or",
    "print",
    "printf",
    "println",
    "urlquery",
    "eq",
    "ge",
    "gt",
    "le",
    "lt",
    "ne",
    "query",
    "first",
    "label",
    "value",
    "strvalue",
    "args",
    "reReplaceAll",
    "safeHtml",
    "match",
    "title",
    "toUpper",
    "toLower",
    "graphLink",
    "tableLink",
    "sortByLabel",
    "stripPort",
    "stripDomain",
    "humanize",
    "humanize1024",
    "humanizeDuration",
    "humanizePercentage",
    "humanizeTimestamp",
    "toTime",
    "toDuration",
    "now",
    "pathPrefix",
    "externalURL",
    "parseDuration",
    "urlQueryEscape",
    "tmpl",
];
/// Variables that Prometheus defines before the text.
const VARIABLES: [&str; 5] = ["$", "$labels", "$externalLabels", "$externalURL", "$value"];

#[derive(Debug, Clone, PartialEq)]
enum Token {
    Word(String),
    Variable(String),
    Field,
    Dot,
    Text,
    Number,
    Open,
    Close,
    Pipe,
    Comma,
    Declare,
    Assign,
    Space,
}

/// What is wrong with a template; none when Prometheus takes it.
pub(super) fn problem(text: &str) -> Option<String> {
    check(text).err()
}

struct Block {
    keyword: String,
    variables: usize,
    has_else: bool,
    in_loop: bool,
}

fn check(text: &str) -> Result<(), String> {
    let mut variables: Vec<String> = VARIABLES.iter().map(|name| (*name).to_owned()).collect();
    let mut open: Vec<Block> = Vec::new();
    let mut rest = text;
    while let Some(at) = rest.find("{{") {
        let inside = rest.get(at + 2..).unwrap_or_default();
        let inside = inside.strip_prefix("- ").or_else(|| inside.strip_prefix("-\n")).unwrap_or(inside);
        if inside.trim_start_matches('-').trim_start().starts_with("/*") && inside.starts_with("/*") {
            let end = inside.find("*/").ok_or("unclosed comment")?;
            let after = inside.get(end + 2..).unwrap_or_default();
            let after = after.strip_prefix(" -").unwrap_or(after);
            rest = after.strip_prefix("}}").ok_or("comment ends before closing delimiter")?;
            continue;
        }
        let (tokens, length) = lex(inside)?;
        rest = inside.get(length..).unwrap_or_default();
        action(&tokens, &mut variables, &mut open)?;
    }
    match open.last() {
        Some(block) => Err(format!("{{{{ {} }}}} has no {{{{ end }}}}", block.keyword)),
        None => Ok(()),
    }
}

/// The tokens up to the closing braces, and how long all of it is.
fn lex(text: &str) -> Result<(Vec<Token>, usize), String> {
    let mut found = Vec::new();
    let mut at = 0;
    let mut parentheses = 0_usize;
    loop {
        let rest = text.get(at..).unwrap_or_default();
        let Some(c) = rest.chars().next() else { return Err("unclosed action".to_owned()) };
        let trims = rest.starts_with(" -}}") || rest.starts_with("\n-}}") || rest.starts_with("\t-}}");
        if rest.starts_with("}}") || trims {
            if parentheses > 0 {
                return Err("unclosed left paren".to_owned());
            }
            return Ok((found, at + if trims { 4 } else { 2 }));
        }
        let name = |skip: usize| {
            let tail = rest.get(skip..).unwrap_or_default();
            skip + tail.find(|c: char| !(c.is_alphanumeric() || c == '_')).unwrap_or(tail.len())
        };
        let (token, length) = match c {
            _ if c.is_whitespace() => {
                let length = rest.find(|c: char| !c.is_whitespace()).unwrap_or(rest.len());
                // The blank before `-}}` belongs to it.
                let length = match rest.get(length..).unwrap_or_default().starts_with("-}}") {
                    true if length > 1 => length - 1,
                    _ => length,
                };
                (Token::Space, length)
            }
            '"' => (Token::Text, quoted(rest, '"')?),
            '`' => (
                Token::Text,
                rest.get(1..).and_then(|rest| rest.find('`')).ok_or("unterminated raw quoted string")? + 2,
            ),
            '\'' => (Token::Number, quoted(rest, '\'')?),
            '(' => {
                parentheses += 1;
                (Token::Open, 1)
            }
            ')' => {
                parentheses = parentheses.checked_sub(1).ok_or("unexpected right paren")?;
                (Token::Close, 1)
            }
            '|' => (Token::Pipe, 1),
            ',' => (Token::Comma, 1),
            ':' if rest.starts_with(":=") => (Token::Declare, 2),
            ':' => return Err("expected :=".to_owned()),
            '=' => (Token::Assign, 1),
            '$' => {
                let length = name(1);
                (Token::Variable(rest.get(..length).unwrap_or_default().to_owned()), length)
            }
            '.' if rest
                .get(1..)
                .is_some_and(|next| next.starts_with(|c: char| c.is_alphabetic() || c == '_')) =>
            {
                (Token::Field, name(1))
            }
            '.' if !rest.get(1..).is_some_and(|next| next.starts_with(|c: char| c.is_ascii_digit())) => {
                (Token::Dot, 1)
            }
            '+' | '-' | '.' | '0'..='9' => (Token::Number, number(rest)?),
            _ if c.is_alphanumeric() || c == '_' => {
                let length = name(0);
                (Token::Word(rest.get(..length).unwrap_or_default().to_owned()), length)
            }
            _ => return Err(format!("unexpected {c:?}")),
        };
        let next = rest.get(length..).and_then(|rest| rest.chars().next());
        let ended = next
            .is_none_or(|c| c.is_whitespace() || matches!(c, '.' | ',' | '|' | ':' | '=' | ')' | '(' | '}'));
        if matches!(token, Token::Word(_) | Token::Field | Token::Variable(_)) && !ended {
            return Err(format!("bad character {:?}", next.unwrap_or_default()));
        }
        found.push(token);
        at += length;
    }
}

fn quoted(rest: &str, quote: char) -> Result<usize, String> {
    let mut chars = rest.char_indices().skip(1);
    while let Some((at, c)) = chars.next() {
        match c {
            '\\' => match chars.next() {
                Some((_, c)) if "abfnrtv\\'\"xuU01234567".contains(c) => {}
                _ => return Err("invalid escape in a quoted string".to_owned()),
            },
            '\n' => break,
            _ if c == quote => return Ok(at + 1),
            _ => {}
        }
    }
    Err("unterminated quoted string".to_owned())
}

fn number(rest: &str) -> Result<usize, String> {
    let signed = usize::from(rest.starts_with(['+', '-']));
    let body = rest.get(signed..).unwrap_or_default();
    let mut before = ' ';
    let mut length = body.len();
    for (at, c) in body.char_indices() {
        let sign = matches!(c, '+' | '-') && matches!(before, 'e' | 'E' | 'p' | 'P');
        if !(c.is_alphanumeric() || matches!(c, '.' | '_') || sign) {
            length = at;
            break;
        }
        before = c;
    }
    let text = body.get(..length).unwrap_or_default();
    let plain = text.trim_end_matches('i').replace('_', "").to_ascii_lowercase();
    let radix = |prefix: &str, radix| {
        plain.strip_prefix(prefix).is_some_and(|digits| i128::from_str_radix(digits, radix).is_ok())
    };
    let sound = plain.parse::<f64>().is_ok() && plain.starts_with(|c: char| c.is_ascii_digit() || c == '.')
        || radix("0x", 16)
        || radix("0b", 2)
        || radix("0o", 8);
    if sound {
        Ok(signed + length)
    } else {
        Err(format!("bad number syntax: {:?}", rest.get(..signed + length)))
    }
}

fn action(tokens: &[Token], variables: &mut Vec<String>, open: &mut Vec<Block>) -> Result<(), String> {
    let first = tokens.iter().position(|token| *token != Token::Space);
    let body = first.and_then(|first| tokens.get(first..)).unwrap_or_default();
    let keyword = match body.first() {
        Some(Token::Word(word)) => word.as_str(),
        _ => "",
    };
    let rest = body.get(1..).unwrap_or_default();
    let begin = |open: &mut Vec<Block>, variables: &Vec<String>| {
        let in_loop = keyword == "range" || open.last().is_some_and(|block| block.in_loop);
        open.push(Block {
            keyword: keyword.to_owned(),
            variables: variables.len(),
            has_else: false,
            in_loop,
        });
    };
    let is_empty = rest.iter().all(|token| *token == Token::Space);
    match keyword {
        "if" | "with" | "range" => {
            begin(open, variables);
            pipeline(rest, variables, keyword)
        }
        "else" => {
            let block = open.last_mut().ok_or("unexpected {{ else }}")?;
            if block.has_else || block.keyword == "define" || block.keyword == "block" {
                return Err("unexpected {{ else }}".to_owned());
            }
            variables.truncate(block.variables);
            if is_empty {
                block.has_else = true;
                return Ok(());
            }
            let chained = rest.iter().find(|token| **token != Token::Space);
            let at = rest.iter().position(|token| *token != Token::Space).unwrap_or_default();
            match chained {
                Some(Token::Word(word)) if *word == block.keyword && word != "range" => {
                    let kind = word.clone();
                    pipeline(rest.get(at + 1..).unwrap_or_default(), variables, &kind)
                }
                _ => Err("unexpected token in {{ else }}".to_owned()),
            }
        }
        "end" => {
            if !is_empty {
                return Err("unexpected token in {{ end }}".to_owned());
            }
            let block = open.pop().ok_or("unexpected {{ end }}")?;
            variables.truncate(block.variables);
            Ok(())
        }
        "define" => {
            if !open.is_empty() {
                return Err("unexpected {{ define }}".to_owned());
            }
            begin(open, variables);
            named(rest).map(|_| ())
        }
        "block" => {
            begin(open, variables);
            let after = named(rest)?;
            pipeline(after, variables, keyword)
        }
        "template" => {
            let after = named(rest)?;
            match after.iter().all(|token| *token == Token::Space) {
                true => Ok(()),
                false => pipeline(after, variables, keyword),
            }
        }
        "break" | "continue" if is_empty && open.last().is_some_and(|block| block.in_loop) => Ok(()),
        "break" | "continue" if is_empty => Err(format!("{{{{ {keyword} }}}} outside {{{{ range }}}}")),
        _ => pipeline(body, variables, ""),
    }
}

/// What stands behind the name of a template.
fn named(tokens: &[Token]) -> Result<&[Token], String> {
    let at = tokens.iter().position(|token| *token != Token::Space).ok_or("missing template name")?;
    match tokens.get(at) {
        Some(Token::Text) => Ok(tokens.get(at + 1..).unwrap_or_default()),
        _ => Err("a template name must be a quoted string".to_owned()),
    }
}

fn pipeline(tokens: &[Token], variables: &mut Vec<String>, context: &str) -> Result<(), String> {
    let solid: Vec<&Token> = tokens.iter().filter(|token| **token != Token::Space).collect();
    // `$x := …`, `$i, $x := …` in a range, `$x = …`.
    let (declared, rest) = match solid.as_slice() {
        [Token::Variable(one), Token::Declare, ..] => (vec![one.clone()], after(tokens, &Token::Declare)),
        [Token::Variable(one), Token::Assign, ..] => {
            known(one, variables)?;
            (Vec::new(), after(tokens, &Token::Assign))
        }
        [Token::Variable(one), Token::Comma, Token::Variable(two), Token::Declare, ..]
            if context == "range" =>
        {
            (vec![one.clone(), two.clone()], after(tokens, &Token::Declare))
        }
        _ => (Vec::new(), tokens),
    };
    if context == "template" || context == "block" {
        commands(rest, variables)?;
        return Ok(());
    }
    commands(rest, variables)?;
    variables.extend(declared);
    Ok(())
}

fn after<'a>(tokens: &'a [Token], sign: &Token) -> &'a [Token] {
    let at = tokens.iter().position(|token| token == sign);
    at.and_then(|at| tokens.get(at + 1..)).unwrap_or_default()
}

fn known(name: &str, variables: &[String]) -> Result<(), String> {
    if variables.iter().any(|one| one == name) { Ok(()) } else { Err(format!("undefined variable {name:?}")) }
}

/// Commands joined by `|`.
fn commands(tokens: &[Token], variables: &[String]) -> Result<(), String> {
    let mut reader = Commands { tokens, next: 0, variables };
    reader.pipe()?;
    match reader.peek() {
        None => Ok(()),
        Some(token) => Err(format!("unexpected {}", said(token))),
    }
}

fn said(token: &Token) -> String {
    match token {
        Token::Word(word) | Token::Variable(word) => format!("{word:?}"),
        other => format!("{other:?}").to_lowercase(),
    }
}

struct Commands<'a> {
    tokens: &'a [Token],
    next: usize,
    variables: &'a [String],
}

impl Commands<'_> {
    fn peek(&self) -> Option<&Token> {
        self.tokens.get(self.next)
    }

    fn skip(&mut self) {
        while self.peek() == Some(&Token::Space) {
            self.next += 1;
        }
    }

    fn pipe(&mut self) -> Result<(), String> {
        let mut index = 0;
        loop {
            self.command(index)?;
            if self.peek() != Some(&Token::Pipe) {
                return Ok(());
            }
            self.next += 1;
            index += 1;
        }
    }

    fn command(&mut self, index: usize) -> Result<(), String> {
        let mut operands = 0;
        let mut constant = false;
        loop {
            self.skip();
            let Some(token) = self.peek().cloned() else { break };
            match token {
                Token::Pipe | Token::Close => break,
                _ => constant |= self.operand(&token, operands == 0)? && operands == 0,
            }
            operands += 1;
            match self.peek() {
                None | Some(Token::Space | Token::Pipe | Token::Close) => {}
                Some(token) => return Err(format!("unexpected {} in operand", said(token))),
            }
        }
        if operands == 0 {
            return Err("missing value for command".to_owned());
        }
        // A value that can't be called with what comes down the pipe.
        if index > 0 && constant {
            return Err("non executable command in pipeline".to_owned());
        }
        Ok(())
    }

    /// Reads an operand. Tells whether it is one that can't be called.
    fn operand(&mut self, token: &Token, first: bool) -> Result<bool, String> {
        self.next += 1;
        let constant = match token {
            Token::Word(word) => match word.as_str() {
                "true" | "false" => true,
                "nil" if first => return Err("nil is not a command".to_owned()),
                "nil" => true,
                word if FUNCTIONS.contains(&word) => false,
                word => return Err(format!("function {word:?} not defined")),
            },
            Token::Variable(name) => {
                known(name, self.variables)?;
                false
            }
            Token::Field => false,
            Token::Dot | Token::Text | Token::Number => true,
            Token::Open => {
                self.pipe()?;
                if self.peek() != Some(&Token::Close) {
                    return Err("unclosed left paren".to_owned());
                }
                self.next += 1;
                false
            }
            other => return Err(format!("unexpected {}", said(other))),
        };
        if self.peek() == Some(&Token::Field) {
            if matches!(token, Token::Text | Token::Number)
                || matches!(token, Token::Word(word) if word == "true" || word == "false" || word == "nil")
            {
                return Err("unexpected . after a constant".to_owned());
            }
            while self.peek() == Some(&Token::Field) {
                self.next += 1;
            }
            return Ok(false);
        }
        Ok(constant)
    }
}

#[cfg(test)]
mod tests;
