//! From text to the tree.
//!
//! `or` binds least, then `and`, then `not`; parentheses bind first. Keywords are the same in capitals.

use crate::{
    Fault, MOST_DEPTH, MOST_LENGTH, MOST_TESTS,
    lex::{Located, Token, tokens},
    tree::{Call, Expression, Function, Operator, Place, Takes, Test, Value},
};

/// Reads an expression. The fault says where it is not one.
pub fn parse(text: &str) -> Result<Expression, Fault> {
    let length = text.chars().count();
    if length > MOST_LENGTH {
        let place = Place::Text {
            start: MOST_LENGTH,
            end: length,
        };
        return Err(Fault::new(
            place,
            "too_long",
            format!("at most {MOST_LENGTH} characters are read"),
        ));
    }
    let mut parser = Parser::new(tokens(text)?, length);
    let expression = parser.any()?;
    match parser.peek() {
        None => Ok(expression),
        Some(Token::Sign(")")) => Err(parser.fault("parenthesis_alone", "this parenthesis closes none")),
        Some(_) => Err(parser.fault("connective_missing", "“and” or “or” is missing before this")),
    }
}

/// The test that is being read.
#[derive(Clone, Debug, Default)]
pub(crate) struct Testing {
    /// Its field's name as it was written.
    pub field: String,
    /// How it asks, once that is read.
    pub operator: Option<Operator>,
    /// The token that its operator begins with.
    pub operator_from: usize,
}

pub(crate) struct Parser {
    tokens: Vec<Located>,
    at: usize,
    length: usize,
    depth: usize,
    tests: usize,
    /// The last test, also where it could not be read to its end.
    pub testing: Testing,
}

impl Parser {
    /// Of these tokens of a text of so many characters.
    pub fn new(tokens: Vec<Located>, length: usize) -> Self {
        Self {
            tokens,
            at: 0,
            length,
            depth: 0,
            tests: 0,
            testing: Testing::default(),
        }
    }

    pub fn peek(&self) -> Option<&Token> {
        self.tokens.get(self.at).map(|located| &located.token)
    }

    /// Where the next token stands, or the end.
    fn place(&self) -> Place {
        self.tokens.get(self.at).map_or(
            Place::Text {
                start: self.length,
                end: self.length,
            },
            Located::place,
        )
    }

    fn fault(&self, code: &'static str, message: impl Into<String>) -> Fault {
        Fault::new(self.place(), code, message)
    }

    fn is_word(&self, ahead: usize, word: &str) -> bool {
        matches!(self.tokens.get(self.at + ahead), Some(Located { token: Token::Word(found), .. }) if found.eq_ignore_ascii_case(word))
    }

    /// Takes these words if they follow.
    fn words(&mut self, words: &[&str]) -> bool {
        let follow = words
            .iter()
            .enumerate()
            .all(|(ahead, word)| self.is_word(ahead, word));
        if follow {
            self.at += words.len();
        }
        follow
    }

    fn sign(&mut self, sign: &str) -> bool {
        let follows = matches!(self.peek(), Some(Token::Sign(found)) if *found == sign);
        self.at += usize::from(follows);
        follows
    }

    pub fn any(&mut self) -> Result<Expression, Fault> {
        let mut some = vec![self.all()?];
        while self.words(&["or"]) {
            some.push(self.all()?);
        }
        Ok(single(some, Expression::Any))
    }

    fn all(&mut self) -> Result<Expression, Fault> {
        let mut every = vec![self.not()?];
        while self.words(&["and"]) {
            every.push(self.not()?);
        }
        Ok(single(every, Expression::All))
    }

    fn not(&mut self) -> Result<Expression, Fault> {
        self.depth += 1;
        if self.depth > MOST_DEPTH {
            return Err(self.fault("too_deep", format!("at most {MOST_DEPTH} levels are read")));
        }
        let found = if self.words(&["not"]) {
            Expression::Not(Box::new(self.not()?))
        } else if self.sign("(") {
            let inside = self.any()?;
            if !self.sign(")") {
                return Err(self.fault("parenthesis_open", "a “)” is missing here"));
            }
            inside
        } else {
            self.test()?
        };
        self.depth -= 1;
        Ok(found)
    }

    fn test(&mut self) -> Result<Expression, Fault> {
        self.tests += 1;
        if self.tests > MOST_TESTS {
            return Err(self.fault("too_many", format!("at most {MOST_TESTS} tests are read")));
        }
        let field_at = self.place();
        let field = match self.peek() {
            Some(Token::Word(word)) if !is_keyword(word) => word.clone(),
            Some(_) => return Err(self.fault("field_expected", "the name of a field is expected here")),
            None => {
                return Err(self.fault("field_expected", "the expression ends before the name of a field"));
            }
        };
        self.at += 1;
        let operator_at = self.place();
        self.testing = Testing {
            field: field.clone(),
            operator: None,
            operator_from: self.at,
        };
        let operator = self.operator()?;
        self.testing.operator = Some(operator);
        let (mut values, mut values_at) = (Vec::new(), Vec::new());
        match operator.takes() {
            Takes::Nothing => {}
            Takes::One => {
                values_at.push(self.place());
                values.push(self.value()?);
            }
            Takes::Several => {
                if !self.sign("(") {
                    return Err(self.fault("list_expected", "a list is expected here, as in (“a”, “b”)"));
                }
                loop {
                    values_at.push(self.place());
                    values.push(self.value()?);
                    if self.sign(")") {
                        break;
                    }
                    if !self.sign(",") {
                        return Err(self.fault("list_open", "a “,” or “)” is missing here"));
                    }
                }
            }
        }
        Ok(Expression::Test(Test {
            field,
            operator,
            values,
            field_at,
            operator_at,
            values_at,
        }))
    }

    fn operator(&mut self) -> Result<Operator, Fault> {
        if let Some(Token::Sign(sign)) = self.peek()
            && let Some(operator) = Operator::ALL
                .into_iter()
                .find(|operator| operator.text() == *sign)
        {
            self.at += 1;
            return Ok(operator);
        }
        // The longer ones first.
        for (words, operator) in [
            (&["is", "not", "empty"][..], Operator::NotEmpty),
            (&["is", "empty"], Operator::Empty),
            (&["is", "known"], Operator::NotEmpty),
            (&["is", "unknown"], Operator::Empty),
            (&["is", "not"], Operator::NotEqual),
            (&["is"], Operator::Equal),
            (&["not", "in"], Operator::NotIn),
            (&["in"], Operator::In),
            (&["not", "contains"], Operator::NotContains),
            (&["contains"], Operator::Contains),
            (&["starts", "with"], Operator::StartsWith),
        ] {
            if self.words(words) {
                return Ok(operator);
            }
        }
        Err(self.fault(
            "operator_expected",
            "a comparison is expected here: =, !=, <, <=, >, >=, in, not in, contains, not contains, starts with, is empty or is not empty",
        ))
    }

    fn value(&mut self) -> Result<Value, Fault> {
        let value = match self.peek() {
            Some(Token::Text(text)) => Value::Text(text.clone()),
            Some(Token::Number(number)) => match Value::read_number(number) {
                Some(number) => number,
                None => return Err(self.fault("number_invalid", "a number has at most 15 digits")),
            },
            Some(Token::Word(word)) if word.eq_ignore_ascii_case("true") => Value::Boolean(true),
            Some(Token::Word(word)) if word.eq_ignore_ascii_case("false") => Value::Boolean(false),
            Some(Token::Word(word)) if !is_keyword(word) => {
                let word = word.clone();
                if matches!(
                    self.tokens.get(self.at + 1),
                    Some(Located {
                        token: Token::Sign("("),
                        ..
                    })
                ) {
                    return self.call(&word);
                }
                Value::Text(word)
            }
            _ => return Err(self.fault("value_expected", "a value is expected here")),
        };
        self.at += 1;
        Ok(value)
    }

    fn call(&mut self, name: &str) -> Result<Value, Fault> {
        let Some(function) = Function::named(&name.to_lowercase()) else {
            let known: Vec<&str> = Function::ALL.into_iter().map(Function::name).collect();
            return Err(self.fault(
                "function_unknown",
                format!("there is no {name}(…); there are {}", known.join(", ")),
            ));
        };
        self.at += 2;
        let mut number = 0;
        if function.takes_number() {
            let wanted = format!("a whole number from 0 to 36500 is expected here, as in {name}(90)");
            number = match self.peek() {
                Some(Token::Number(written)) => match written.parse::<u32>() {
                    Ok(number) if number <= 36_500 => number,
                    _ => return Err(self.fault("number_invalid", wanted)),
                },
                _ => return Err(self.fault("number_expected", wanted)),
            };
            self.at += 1;
        }
        if !self.sign(")") {
            return Err(self.fault("call_open", "a “)” is missing here"));
        }
        Ok(Value::Call(Call { function, number }))
    }
}

fn single(mut some: Vec<Expression>, group: fn(Vec<Expression>) -> Expression) -> Expression {
    match some.pop() {
        Some(only) if some.is_empty() => only,
        Some(last) => {
            some.push(last);
            group(some)
        }
        None => group(some),
    }
}

/// Words that cannot be the name of a field or a bare value.
pub(crate) fn is_keyword(word: &str) -> bool {
    [
        "and", "or", "not", "in", "is", "contains", "starts", "with", "empty",
    ]
    .iter()
    .any(|keyword| word.eq_ignore_ascii_case(keyword))
}
