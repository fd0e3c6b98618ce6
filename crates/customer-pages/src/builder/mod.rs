//! Conditions as rows and groups of rows: the tree of an expression, as people put it together without writing it.
//!
//! The form is the state. Its fields come in the order of the tree, so that one read from front to back gives the tree
//! back: `group` opens a group and `end` closes it, `field` begins a row, and `operator`, `when` and `value` belong to
//! the row before them. Half a row is a row as well; only asking for the expression says what is missing.
//!
//! What it never does: know customers. Which fields there are a [`Catalog`] says, their values [`Known`].

mod say;
mod tree;
mod view;

use std::collections::HashMap;

use regulars_expression::{Catalog, Function, Kind, MOST_DEPTH, MOST_TESTS, Operator, Takes};

pub(crate) use say::Words;
pub(crate) use tree::substitute;
pub(crate) use view::{Look, group};

/// The values of fields that there are few of, each with what people call it.
pub(crate) type Known = HashMap<String, Vec<(String, String)>>;

/// Several conditions.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Group {
    pub holds: Holds,
    pub items: Vec<Node>,
}

/// How many of them must hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Holds {
    All,
    Any,
    None,
    NotAll,
}

impl Holds {
    pub(crate) const ALL: [Self; 4] = [Self::All, Self::Any, Self::None, Self::NotAll];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::All => "all",
            Self::Any => "any",
            Self::None => "none",
            Self::NotAll => "not_all",
        }
    }

    pub(crate) fn words(self) -> &'static str {
        match self {
            Self::All => "All of these",
            Self::Any => "Any of these",
            Self::None => "None of these",
            Self::NotAll => "Not all of these",
        }
    }

    fn named(name: &str) -> Self {
        Self::ALL
            .into_iter()
            .find(|holds| holds.name() == name)
            .unwrap_or(Self::All)
    }
}

/// One condition, or several.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Node {
    Group(Group),
    Row(Row),
}

/// One condition, as far as it is put together.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Row {
    /// Empty while none is chosen.
    pub field: String,
    pub operator: Option<Operator>,
    pub values: Vec<Entered>,
}

/// A value as it was entered.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Entered {
    /// What a time is said from; empty for a value as it is written.
    pub when: String,
    pub text: String,
}

impl Entered {
    pub(crate) fn text(text: impl Into<String>) -> Self {
        Self {
            when: String::new(),
            text: text.into(),
        }
    }
}

impl Row {
    pub(crate) fn new(field: &str, operator: Operator, values: impl IntoIterator<Item = Entered>) -> Self {
        Self {
            field: field.to_owned(),
            operator: Some(operator),
            values: values.into_iter().collect(),
        }
    }
}

/// Places of a tree: the number of the item in each group from the top.
pub(crate) type Path = [usize];

/// A path as it is written: `0.2`, nothing for the top.
pub(crate) fn written(path: &Path) -> String {
    path.iter().map(usize::to_string).collect::<Vec<_>>().join(".")
}

fn read_path(text: &str) -> Option<Vec<usize>> {
    if text.is_empty() {
        return Some(Vec::new());
    }
    text.split('.').map(|part| part.parse().ok()).collect()
}

impl Group {
    pub(crate) fn new(holds: Holds, items: Vec<Node>) -> Self {
        Self { holds, items }
    }

    /// Reads the fields of the form. What does not belong to it is passed over.
    pub(crate) fn read<'a>(pairs: impl Iterator<Item = (&'a str, &'a str)>) -> Self {
        let mut open = vec![Self::new(Holds::All, Vec::new())];
        let mut began = false;
        let mut rows = 0;
        // Another field was chosen: what follows belongs to the one before.
        let mut is_anew = false;
        for (name, value) in pairs {
            match name {
                "group" if !began => {
                    began = true;
                    open[0].holds = Holds::named(value);
                }
                "group" if open.len() < MOST_DEPTH => open.push(Self::new(Holds::named(value), Vec::new())),
                "end" if open.len() > 1 => close(&mut open),
                "field" if rows < MOST_TESTS => {
                    rows += 1;
                    is_anew = false;
                    let row = Row {
                        field: value.to_owned(),
                        ..Row::default()
                    };
                    last(&mut open).items.push(Node::Row(row));
                }
                "was" | "operator" | "when" | "value" => {
                    let Some(Node::Row(row)) = last(&mut open).items.last_mut() else {
                        continue;
                    };
                    match name {
                        "was" => is_anew = value != row.field,
                        _ if is_anew => {}
                        "operator" => {
                            row.operator = Operator::ALL
                                .into_iter()
                                .find(|operator| operator.text() == value);
                        }
                        // Of the number before it, if it takes one.
                        "when" if !value.is_empty() => match row.values.last_mut() {
                            Some(entered) if entered.when.is_empty() => value.clone_into(&mut entered.when),
                            _ => row.values.push(Entered {
                                when: value.to_owned(),
                                text: String::new(),
                            }),
                        },
                        "when" => {}
                        _ => row.values.push(Entered::text(value)),
                    }
                }
                _ => {}
            }
        }
        while open.len() > 1 {
            close(&mut open);
        }
        open.swap_remove(0)
    }

    /// Gives each row an operator that its field has, and as many values as that takes.
    pub(crate) fn settle(&mut self, catalog: &Catalog) {
        for node in &mut self.items {
            match node {
                Node::Group(group) => group.settle(catalog),
                Node::Row(row) => {
                    if let Some(field) = catalog.get(&row.field) {
                        settle(row, &field.kind);
                    }
                }
            }
        }
    }

    /// Does what a button of the form says: `add:PATH`, `nest:PATH` or `remove:PATH`. The place of what is new.
    pub(crate) fn act(&mut self, act: &str) -> Option<Vec<usize>> {
        let (verb, path) = act.split_once(':')?;
        let path = read_path(path)?;
        let (group, added) = match verb {
            "add" => (self.at(&path)?, Node::Row(Row::default())),
            "nest" if path.len() + 2 < MOST_DEPTH => {
                // One of several is what a group within another is mostly for.
                let holds = if self.at(&path)?.holds == Holds::Any {
                    Holds::All
                } else {
                    Holds::Any
                };
                (
                    self.at(&path)?,
                    Node::Group(Self::new(holds, vec![Node::Row(Row::default())])),
                )
            }
            "remove" => {
                let (last, above) = path.split_last()?;
                let group = self.at(above)?;
                if *last < group.items.len() {
                    group.items.remove(*last);
                }
                return None;
            }
            _ => return None,
        };
        let is_group = matches!(added, Node::Group(_));
        group.items.push(added);
        let mut place = [path.as_slice(), &[group.items.len() - 1]].concat();
        if is_group {
            place.push(0);
        }
        Some(place)
    }

    fn at(&mut self, path: &Path) -> Option<&mut Self> {
        path.iter()
            .try_fold(self, |group, index| match group.items.get_mut(*index) {
                Some(Node::Group(group)) => Some(group),
                _ => None,
            })
    }

    /// What its rows compare a field with.
    pub(crate) fn values(&self, field: &str) -> Vec<&str> {
        self.items
            .iter()
            .flat_map(|node| match node {
                Node::Group(group) => group.values(field),
                Node::Row(row) if row.field == field => {
                    row.values.iter().map(|entered| entered.text.as_str()).collect()
                }
                Node::Row(_) => Vec::new(),
            })
            .collect()
    }

    /// The fields that its rows ask for.
    pub(crate) fn fields(&self) -> Vec<&str> {
        self.items
            .iter()
            .flat_map(|node| match node {
                Node::Group(group) => group.fields(),
                Node::Row(row) => vec![row.field.as_str()],
            })
            .collect()
    }
}

fn last(open: &mut [Group]) -> &mut Group {
    let end = open.len() - 1;
    &mut open[end]
}

fn close(open: &mut Vec<Group>) {
    if let Some(done) = open.pop() {
        last(open).items.push(Node::Group(done));
    }
}

fn settle(row: &mut Row, kind: &Kind) {
    let operator = match row.operator {
        Some(operator) if kind.operators().contains(&operator) => operator,
        _ => usual(kind),
    };
    row.operator = Some(operator);
    match operator.takes() {
        Takes::Nothing => row.values.clear(),
        Takes::Several => row.values.retain(|entered| !entered.text.is_empty()),
        Takes::One => {
            row.values.truncate(1);
            if row.values.is_empty() {
                row.values.push(match kind {
                    Kind::Time | Kind::Date => Entered {
                        when: Function::DaysAgo.name().to_owned(),
                        text: Function::DaysAgo.usual().to_string(),
                    },
                    _ => Entered::default(),
                });
            }
            if matches!(kind, Kind::Time | Kind::Date) {
                row.values.iter_mut().for_each(settle_time);
            }
        }
    }
}

/// Another way to say a time was chosen: a number is no day, a day no number.
fn settle_time(entered: &mut Entered) {
    let is_number = entered.text.trim().parse::<u32>().is_ok();
    match Function::named(&entered.when) {
        Some(function) if function.takes_number() && !is_number => {
            entered.text = function.usual().to_string();
        }
        None if is_number => entered.text.clear(),
        _ => {}
    }
}

/// What is mostly asked of a kind.
fn usual(kind: &Kind) -> Operator {
    match kind {
        Kind::Text => Operator::Contains,
        Kind::Choice(_) | Kind::Code(..) | Kind::Names => Operator::In,
        Kind::Number | Kind::Time | Kind::Date => Operator::AtLeast,
        Kind::Boolean => Operator::Equal,
    }
}

#[cfg(test)]
mod tests;
