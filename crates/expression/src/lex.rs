//! Words, texts, numbers and signs of an expression, each with its place.

use crate::{Fault, tree::Place};

/// A piece of the text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Token {
    /// A bare word: a name, a keyword or a value such as `vip` or `2026-01-31`.
    Word(String),
    /// In quotes.
    Text(String),
    /// A number as it was written.
    Number(String),
    /// `(`, `)`, `,` or an operator.
    Sign(&'static str),
}

/// A token and its characters.
#[derive(Clone, Debug)]
pub(crate) struct Located {
    pub token: Token,
    pub start: usize,
    pub end: usize,
}

impl Located {
    pub fn place(&self) -> Place {
        Place::Text {
            start: self.start,
            end: self.end,
        }
    }
}

/// Longer ones first.
const SIGNS: [(&str, &str); 12] = [
    ("!=", "!="),
    ("<>", "!="),
    ("<=", "<="),
    (">=", ">="),
    ("==", "="),
    ("=", "="),
    ("<", "<"),
    (">", ">"),
    ("(", "("),
    (")", ")"),
    (",", ","),
    ("~", "contains"),
];

/// All tokens.
pub(crate) fn tokens(text: &str) -> Result<Vec<Located>, Fault> {
    let letters: Vec<char> = text.chars().collect();
    let mut found = Vec::new();
    let mut at = 0;
    while let Some(&letter) = letters.get(at) {
        let start = at;
        if letter.is_whitespace() {
            at += 1;
            continue;
        }
        let token = if letter == '"' || letter == '\'' {
            let (text, end) = quoted(&letters, start)?;
            at = end;
            Token::Text(text)
        } else if let Some((written, sign)) =
            SIGNS.iter().find(|(written, _)| starts(&letters[at..], written))
        {
            at += written.len();
            Token::Sign(sign)
        } else if is_of_word(letter) || letter == '-' || letter == '+' {
            while letters
                .get(at)
                .is_some_and(|next| is_of_word(*next) || "+-:".contains(*next))
            {
                at += 1;
            }
            let word: String = letters[start..at].iter().collect();
            if is_number(&word) {
                Token::Number(word)
            } else {
                Token::Word(word)
            }
        } else {
            return Err(Fault::new(
                Place::Text {
                    start,
                    end: start + 1,
                },
                "sign_unknown",
                format!("“{letter}” means nothing here; put texts in quotes"),
            ));
        };
        found.push(Located {
            token,
            start,
            end: at,
        });
    }
    Ok(found)
}

fn starts(letters: &[char], sign: &str) -> bool {
    sign.chars()
        .enumerate()
        .all(|(at, wanted)| letters.get(at) == Some(&wanted))
}

fn is_of_word(letter: char) -> bool {
    letter.is_alphanumeric() || letter == '_' || letter == '.'
}

fn is_number(word: &str) -> bool {
    let digits = word.strip_prefix(['-', '+']).unwrap_or(word);
    let (whole, part) = digits.split_once('.').unwrap_or((digits, "0"));
    let all = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    all(whole) && all(part)
}

/// The text in quotes, in which a backslash or a doubled quote keeps a quote, and where it ends.
fn quoted(letters: &[char], start: usize) -> Result<(String, usize), Fault> {
    let quote = letters[start];
    let mut text = String::new();
    let mut at = start + 1;
    while let Some(&letter) = letters.get(at) {
        let next = letters.get(at + 1).copied();
        match (letter, next) {
            ('\\', Some(kept @ ('"' | '\'' | '\\'))) => {
                text.push(kept);
                at += 2;
            }
            (letter, Some(next)) if letter == quote && next == quote => {
                text.push(quote);
                at += 2;
            }
            (letter, _) if letter == quote => return Ok((text, at + 1)),
            (letter, _) => {
                text.push(letter);
                at += 1;
            }
        }
    }
    Err(Fault::new(
        Place::Text {
            start,
            end: letters.len(),
        },
        "quote_open",
        format!("the text that begins here has no {quote} at its end"),
    ))
}
