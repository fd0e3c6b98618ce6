//! What may stand where a person is writing, and what of it they may mean.
//!
//! It reads what stands before the cursor as the parser does; where that is wrong already there is nothing to offer, the
//! fault says what to mend first.

use regulars_kernel::text::fold;

use crate::{
    Fault,
    check::{Catalog, Field, Kind},
    lex::{Located, Token, tokens},
    parse::{Parser, Testing, is_keyword},
    tree::{Call, Function, Operator, Place, Takes, Value},
};

/// Most that is offered at once.
pub const MOST_OFFERED: usize = 12;

/// What is being written: which characters, and what may stand in their place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Writing {
    /// The first character that is replaced.
    pub start: usize,
    /// The first that is not any more.
    pub end: usize,
    /// What stands there so far, without its quotes.
    pub typed: String,
    /// What may stand there.
    pub awaits: Awaits,
}

/// What may stand at a place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Awaits {
    /// The name of a field, `not` or a parenthesis.
    Field,
    /// What this field can be asked.
    Operator {
        /// The field's name as it was written.
        field: String,
    },
    /// What this field is compared with.
    Value {
        /// The field's name as it was written.
        field: String,
        /// How it is asked.
        operator: Operator,
    },
    /// The parenthesis that begins a list.
    List,
    /// Another of a list, or its end.
    ListNext,
    /// `and`, `or`, or the end of what a parenthesis began.
    Connective {
        /// Whether a parenthesis is open.
        inside: bool,
    },
}

/// Something that may be written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Offer {
    /// What is written for it.
    pub text: String,
    /// What people call it.
    pub label: String,
    /// What it is, in a word or two; empty if the label says it.
    pub note: String,
}

impl Offer {
    fn new(text: impl Into<String>, label: impl Into<String>, note: impl Into<String>) -> Self {
        Self {
            text: text.into(),
            label: label.into(),
            note: note.into(),
        }
    }
}

/// What is being written where the cursor stands, counted in characters; none where what stands before is wrong already.
pub fn writing(text: &str, cursor: usize) -> Option<Writing> {
    let letters: Vec<char> = text.chars().collect();
    let cursor = cursor.min(letters.len());
    let upto = |end: usize| tokens(&letters[..end].iter().collect::<String>());
    let (mut before, touched) = match upto(cursor) {
        Ok(mut all) => {
            let is_word = |last: &mut Located| matches!(last.token, Token::Word(_) | Token::Number(_));
            let touched = all.pop_if(|last| last.end == cursor && is_word(last));
            (all, touched.map(|touched| touched.start))
        }
        // In the middle of a text in quotes.
        Err(Fault {
            place: Place::Text { start, .. },
            code: "quote_open",
            ..
        }) => (upto(start).ok()?, Some(start)),
        Err(_) => return None,
    };
    let start = touched.unwrap_or(cursor);
    // The rest of what the cursor stands in is replaced with it.
    let rest = tokens(text).unwrap_or_default();
    let end = rest
        .iter()
        .find(|token| Some(token.start) == touched)
        .map_or(cursor, |token| token.end);
    let typed: String = letters[start..cursor].iter().collect();
    let typed = typed.trim_start_matches(['"', '\'']).to_owned();
    let (awaits, words_from) = awaited(&before, start)?;
    let mut writing = Writing {
        start,
        end,
        typed,
        awaits,
    };
    if let Some(first) = words_from.and_then(|from| before.get(from)) {
        // The words of an operator are one thing to write: `is not em`.
        writing.start = first.start;
        let words = before
            .drain(words_from.unwrap_or_default()..)
            .filter_map(|token| match token.token {
                Token::Word(word) => Some(word),
                _ => None,
            });
        writing.typed = words.chain(Some(writing.typed)).collect::<Vec<_>>().join(" ");
    }
    Some(writing)
}

/// What follows these tokens, and the first of those that belong to an operator that is being written.
fn awaited(before: &[Located], length: usize) -> Option<(Awaits, Option<usize>)> {
    let mut parser = Parser::new(before.to_vec(), length);
    let result = parser.any();
    let at_end = parser.peek().is_none();
    let Err(fault) = result else {
        return at_end.then_some((Awaits::Connective { inside: false }, None));
    };
    let Testing {
        field,
        operator,
        operator_from,
    } = parser.testing;
    let is_word = |token: &Located| matches!(token.token, Token::Word(_));
    let of_words = before
        .get(operator_from..)
        .is_some_and(|rest| rest.iter().all(is_word));
    Some(match (fault.code, operator) {
        ("operator_expected", _) if of_words => (Awaits::Operator { field }, Some(operator_from)),
        _ if !at_end => return None,
        // `is` alone may become `is not empty`.
        ("value_expected", Some(Operator::Equal | Operator::NotEqual)) if of_words => {
            (Awaits::Operator { field }, Some(operator_from))
        }
        ("value_expected", Some(operator)) => (Awaits::Value { field, operator }, None),
        ("field_expected", _) => (Awaits::Field, None),
        ("list_expected", _) => (Awaits::List, None),
        ("list_open", _) => (Awaits::ListNext, None),
        ("parenthesis_open", _) => (Awaits::Connective { inside: true }, None),
        _ => return None,
    })
}

/// What may be meant, likeliest first. `known`: values that this field has, with what people call them.
pub fn offers(writing: &Writing, catalog: &Catalog, known: &[(String, String)]) -> Vec<Offer> {
    let all = match &writing.awaits {
        Awaits::Field => fields(catalog, writing.typed.is_empty()),
        Awaits::Operator { field } => catalog.get(field).map(operators).unwrap_or_default(),
        Awaits::Value { field, operator } => catalog
            .get(field)
            .map(|field| values(field, *operator, known))
            .unwrap_or_default(),
        Awaits::List => vec![Offer::new("(", "(", "a list")],
        Awaits::ListNext => vec![
            Offer::new(", ", ",", "another"),
            Offer::new(") ", ")", "the end of the list"),
        ],
        Awaits::Connective { inside } => {
            let end = inside.then(|| Offer::new(") ", ")", "the end of what is in parentheses"));
            let both = [
                Offer::new("and ", "and", "both hold"),
                Offer::new("or ", "or", "one holds"),
            ];
            both.into_iter().chain(end).collect()
        }
    };
    let typed = fold(writing.typed.trim());
    let mut ranked: Vec<(u8, Offer)> = all
        .into_iter()
        .filter_map(|offer| Some((rank(&offer, &typed)?, offer)))
        .collect();
    // What only has it somewhere is offered where nothing begins so.
    if ranked.iter().any(|(rank, _)| *rank < SOMEWHERE) {
        ranked.retain(|(rank, _)| *rank < SOMEWHERE);
    }
    // Stable: what is alike stays in the order of its list.
    ranked.sort_by_key(|(rank, _)| *rank);
    let mut offers: Vec<Offer> = ranked
        .into_iter()
        .map(|(_, offer)| offer)
        .take(MOST_OFFERED)
        .collect();
    // What stands there already in full needs no offer.
    if let [only] = offers.as_slice()
        && only.text.trim_end() == writing.typed
    {
        offers.clear();
    }
    offers
}

/// The rank of what has it only somewhere.
const SOMEWHERE: u8 = 3;

/// How well an offer fits what was typed: it begins so, a word of it does, it has it somewhere.
fn rank(offer: &Offer, typed: &str) -> Option<u8> {
    let (text, label) = (fold(&offer.text), fold(&offer.label));
    let text = text.trim_start_matches('"');
    let word_begins = |whole: &str| {
        whole
            .split(|letter: char| !letter.is_alphanumeric())
            .any(|word| word.starts_with(typed))
    };
    if text.starts_with(typed) {
        Some(0)
    } else if label.starts_with(typed) {
        Some(1)
    } else if word_begins(text) || word_begins(&label) {
        Some(2)
    } else {
        (text.contains(typed) || label.contains(typed)).then_some(SOMEWHERE)
    }
}

fn fields(catalog: &Catalog, nothing_typed: bool) -> Vec<Offer> {
    let mut all: Vec<Offer> = catalog
        .0
        .iter()
        .map(|field| Offer::new(format!("{} ", field.name), &field.label, field.kind.noun()))
        .collect();
    if !nothing_typed {
        all.push(Offer::new("not ", "not", "the opposite of what follows"));
    }
    all
}

fn operators(field: &Field) -> Vec<Offer> {
    let counts = matches!(field.kind, Kind::Time | Kind::Date);
    let each = field.kind.operators().iter().map(|operator| {
        let text = match operator.takes() {
            Takes::Several => format!("{} (", operator.text()),
            Takes::One | Takes::Nothing => format!("{} ", operator.text()),
        };
        Offer::new(text, operator.words(counts), "")
    });
    each.collect()
}

fn values(field: &Field, operator: Operator, known: &[(String, String)]) -> Vec<Offer> {
    let of_known = |(value, label): &(String, String)| {
        let text = written(value);
        let note = if value == label {
            String::new()
        } else {
            value.clone()
        };
        Offer {
            text,
            label: label.clone(),
            note,
        }
    };
    match &field.kind {
        Kind::Choice(choices) => choices
            .iter()
            .map(|choice| Offer::new(written(choice), choice, ""))
            .collect(),
        Kind::Boolean => ["true", "false"].map(|yes| Offer::new(yes, yes, "")).into(),
        Kind::Time | Kind::Date => Function::ALL
            .into_iter()
            .filter(|function| matches!(field.kind, Kind::Time) || !function.is_moment())
            .map(|function| {
                let call = Call {
                    function,
                    number: function.usual(),
                };
                Offer::new(call.to_string(), call.to_string(), function.words())
            })
            .collect(),
        // A part of a text may be anything.
        _ if matches!(operator, Operator::Contains | Operator::NotContains) => Vec::new(),
        Kind::Text | Kind::Code(..) | Kind::Names | Kind::Number => known.iter().map(of_known).collect(),
    }
}

/// A text as a value: a bare word where that is read as the same, else in quotes.
fn written(text: &str) -> String {
    let is_bare = matches!(tokens(text).as_deref(), Ok([Located { token: Token::Word(word), .. }]) if word == text)
        && !is_keyword(text)
        && !["true", "false"]
            .iter()
            .any(|taken| text.eq_ignore_ascii_case(taken));
    if is_bare {
        text.to_owned()
    } else {
        Value::Text(text.to_owned()).to_string()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::tests::{catalog, expression as an_expression};

    /// What is offered where `|` stands: the texts, and what of the text they replace.
    fn at(marked: &str, known: &[(String, String)]) -> (String, Vec<String>) {
        let cursor = marked.chars().position(|letter| letter == '|').unwrap();
        let text = marked.replacen('|', "", 1);
        let Some(writing) = writing(&text, cursor) else {
            return ("wrong".to_owned(), Vec::new());
        };
        let replaced = text
            .chars()
            .skip(writing.start)
            .take(writing.end - writing.start)
            .collect();
        let offers = offers(&writing, &catalog(), known).into_iter();
        (
            replaced,
            offers.map(|offer| offer.text.trim_end().to_owned()).collect(),
        )
    }

    #[test]
    fn what_may_follow_is_offered() {
        let tags = [
            ("berlin".to_owned(), "berlin".to_owned()),
            ("press list".to_owned(), "press list".to_owned()),
        ];
        for (marked, replaced, offered) in [
            ("sta|", "sta", &["status"][..]),
            ("st|atus = vip", "status", &["status"]),
            ("last|", "last", &["last_name", "last_order_at"]),
            ("n|", "n", &["not", "last_name"]),
            ("opted_in |", "", &["=", "!=", "is empty", "is not empty"]),
            ("opted_in i|", "i", &["is empty", "is not empty", "=", "!="]),
            ("opted_in is |", "is ", &["is empty", "is not empty", "=", "!="]),
            ("opted_in is not|", "is not", &["is not empty", "!=", "is empty"]),
            (
                "status no|",
                "no",
                &["not in (", "!=", "is empty", "is not empty"],
            ),
            ("status = |", "", &["active", "vip", "churned"]),
            ("status = v|", "v", &["vip"]),
            ("status = \"v|", "\"v", &["vip"]),
            ("status = \"v|ip\" and country = DE", "\"vip\"", &["vip"]),
            ("status = vip|", "vip", &[]),
            ("status in |", "", &["("]),
            ("status in (vip, ac|", "ac", &["active"]),
            ("status in (vip |", "", &[",", ")"]),
            ("(status = vip |", "", &["and", "or", ")"]),
            ("status = vip o|", "o", &["or"]),
            ("tag = pr|", "pr", &["\"press list\""]),
            ("tag = list|", "list", &["\"press list\""]),
            (
                "birthday >= start|",
                "start",
                &["start_of_month()", "start_of_year()"],
            ),
            ("created_at > hours|", "hours", &["hours_ago(24)"]),
            ("birthday > hours|", "hours", &[]),
            (
                "not |",
                "",
                &[
                    "status",
                    "country",
                    "tag",
                    "last_name",
                    "total_spent",
                    "opted_in",
                    "created_at",
                    "last_order_at",
                    "birthday",
                ],
            ),
            // What stands before is wrong already.
            ("status = = |", "wrong", &[]),
            ("status 3 and |", "wrong", &[]),
            ("§ |", "wrong", &[]),
        ] {
            let (found, offers) = at(marked, &tags);
            assert_eq!(
                (found.trim(), offers),
                (
                    replaced.trim(),
                    offered.iter().map(|&text| text.to_owned()).collect()
                ),
                "{marked}"
            );
        }
    }

    proptest! {
        #[test]
        fn what_is_offered_fits(expression in an_expression(), part in any::<prop::sample::Index>(), choice in any::<prop::sample::Index>()) {
            let text = expression.to_string();
            let letters: Vec<char> = text.chars().collect();
            let cursor = part.index(letters.len() + 1);
            if let Some(writing) = writing(&text, cursor) {
                prop_assert!(writing.start <= cursor && cursor <= writing.end && writing.end <= letters.len());
                let offers = offers(&writing, &catalog(), &[("a b".to_owned(), "c".to_owned())]);
                if !offers.is_empty() {
                    let begun: String = letters[..writing.start].iter().chain(choice.get(&offers).text.chars().collect::<Vec<_>>().iter()).collect();
                    let after = super::writing(&begun, begun.chars().count());
                    prop_assert!(after.is_some(), "{}", begun);
                }
            }
        }

        #[test]
        fn nothing_that_is_typed_makes_it_fail(text in ".{0,60}", cursor in 0..80_usize) {
            if let Some(writing) = writing(&text, cursor) {
                offers(&writing, &catalog(), &[]);
            }
        }
    }
}
