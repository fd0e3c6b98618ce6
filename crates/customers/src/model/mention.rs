//! Members that a note mentions. Stored as `@[Ada Byron](user:0193…)`, which a new name does not break; shown, and
//! written by people, as `@Ada Byron`.

use std::collections::HashMap;

use regulars_kernel::ids::UserId;

/// A part of a note.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Piece<'a> {
    /// What is no mention.
    Text(&'a str),
    /// A member, and the name that they had when it was written.
    Member(UserId, &'a str),
}

const OPEN: &str = "@[";
const MIDDLE: &str = "](user:";

/// A mention at the beginning of a text, and how long it is.
fn mention(text: &str) -> Option<(UserId, &str, usize)> {
    let (name, rest) = text.strip_prefix(OPEN)?.split_once(MIDDLE)?;
    let (id, _) = rest.split_once(')')?;
    if name.is_empty() || name.contains(['[', ']', '\n']) {
        return None;
    }
    let id = id.parse().ok()?;
    Some((id, name, text.len() - rest.len() + rest.find(')')? + 1))
}

/// A note's text, cut into what is a mention and what is not.
pub fn pieces(body: &str) -> Vec<Piece<'_>> {
    let mut pieces = Vec::new();
    let (mut begun, mut at) = (0, 0);
    while let Some(found) = body[at..].find(OPEN).map(|found| at + found) {
        let Some((id, name, length)) = mention(&body[found..]) else {
            at = found + OPEN.len();
            continue;
        };
        if found > begun {
            pieces.push(Piece::Text(&body[begun..found]));
        }
        pieces.push(Piece::Member(id, name));
        begun = found + length;
        at = begun;
    }
    if begun < body.len() {
        pieces.push(Piece::Text(&body[begun..]));
    }
    pieces
}

/// Who is mentioned, each once.
pub fn mentioned(body: &str) -> Vec<UserId> {
    let mut all = Vec::new();
    for piece in pieces(body) {
        if let Piece::Member(id, _) = piece
            && !all.contains(&id)
        {
            all.push(id);
        }
    }
    all
}

/// As people read and write it: `@` and what each member is called now; who is unknown keeps the name of then.
pub(crate) fn shown(body: &str, labels: &HashMap<UserId, String>) -> String {
    pieces(body)
        .into_iter()
        .fold(String::with_capacity(body.len()), |mut text, piece| {
            match piece {
                Piece::Text(part) => text.push_str(part),
                Piece::Member(id, name) => {
                    text.push('@');
                    text.push_str(labels.get(&id).map_or(name, String::as_str));
                }
            }
            text
        })
}

/// As it is told where nobody is looked up: each by the name of then.
pub fn plain(body: &str) -> String {
    shown(body, &HashMap::new())
}

/// As it is stored: each `@` before the whole name of a member is a mention, unless a letter stands right before it or
/// behind the name. Of names that begin the same the longest counts.
pub(crate) fn stored(text: &str, labels: &HashMap<UserId, String>) -> String {
    let mut longest: Vec<_> = labels.iter().collect();
    longest.sort_by(|(a, x), (b, y)| y.len().cmp(&x.len()).then(a.cmp(b)));
    let mut body = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('@') {
        let (before, from) = rest.split_at(at);
        body.push_str(before);
        let behind = &from[1..];
        let stands_alone = !body.ends_with(char::is_alphanumeric);
        let found = longest.iter().find(|(_, label)| {
            stands_alone
                && behind
                    .strip_prefix(label.as_str())
                    .is_some_and(|after| !after.starts_with(char::is_alphanumeric))
        });
        if let Some((id, label)) = found {
            let name = label.replace(['[', ']'], "");
            body.extend([OPEN, &name, MIDDLE, &id.to_string(), ")"]);
            rest = &behind[label.len()..];
        } else {
            body.push('@');
            rest = behind;
        }
    }
    body.push_str(rest);
    body
}

/// What members are called where one is to be told from the others: by name, by name and address where names are alike.
pub(crate) fn labels(members: Vec<(UserId, String, String)>) -> HashMap<UserId, String> {
    let mut times: HashMap<String, usize> = HashMap::new();
    for (_, name, _) in &members {
        *times.entry(name.clone()).or_default() += 1;
    }
    let label = |(id, name, email): (UserId, String, String)| {
        let is_alone = times.get(&name) == Some(&1);
        let label = match (name.is_empty(), is_alone) {
            (true, _) => email,
            (false, true) => name,
            (false, false) => format!("{name} ({email})"),
        };
        (id, label)
    };
    members.into_iter().map(label).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn people() -> (UserId, UserId, HashMap<UserId, String>) {
        let (ada, byron) = (UserId::new(), UserId::new());
        let all = [(ada, "Ada".to_owned()), (byron, "Ada Byron".to_owned())];
        (ada, byron, all.into())
    }

    #[test]
    fn names_are_mentions_and_come_back_as_names() {
        let (ada, byron, labels) = people();
        for (text, wanted) in [
            ("@Ada Byron, please call", vec![byron]),
            ("ask @Ada", vec![ada]),
            ("(@Ada)@Ada Byron\n@Ada.", vec![ada, byron]),
            ("mail@Ada", vec![]),
            ("@Adam and @ Ada and @", vec![]),
            ("@Ada@Ada", vec![ada]),
        ] {
            let body = stored(text, &labels);
            assert_eq!(mentioned(&body), wanted, "{text}: {body}");
            assert_eq!(shown(&body, &labels), text);
        }
    }

    #[test]
    fn a_new_name_is_shown_and_one_who_is_gone_keeps_theirs() {
        let (ada, ..) = people();
        let body = format!("@[Ada](user:{ada}) knows");
        assert_eq!(
            shown(&body, &HashMap::from([(ada, "Countess".to_owned())])),
            "@Countess knows"
        );
        assert_eq!(shown(&body, &HashMap::new()), "@Ada knows");
    }

    #[test]
    fn what_only_looks_like_a_mention_is_text() {
        for text in [
            "@[Ada](user:nobody)",
            "@[](user:0193e0a0-0000-7000-8000-000000000000)",
            "@[a\nb](user:0193e0a0-0000-7000-8000-000000000000)",
            "@[",
            "@[x](user:",
            "@[[é](user:0193e0a0-0000-7000-8000-000000000000)",
            "",
        ] {
            assert!(mentioned(text).is_empty(), "{text}");
            assert_eq!(shown(text, &HashMap::new()), text);
        }
    }

    #[test]
    fn who_is_called_the_same_is_told_apart_by_address() {
        let (one, two, three) = (UserId::new(), UserId::new(), UserId::new());
        let all = labels(vec![
            (one, "Ada".into(), "a@example.com".into()),
            (two, "Ada".into(), "b@example.com".into()),
            (three, String::new(), "c@example.com".into()),
        ]);
        assert_eq!(all[&one], "Ada (a@example.com)");
        assert_eq!(all[&three], "c@example.com");
        let body = stored("@Ada (b@example.com) and @c@example.com", &all);
        assert_eq!(mentioned(&body), [two, three]);
    }
}
