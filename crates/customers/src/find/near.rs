//! What words may mean: names they begin, and names that are one or two typos away, by the dictionary `name_tokens`.

use regulars_database::Tx;
use regulars_kernel::{Result, symspell};
use serde_json::json;
use uuid::Uuid;

use super::{
    filters::Deleted,
    sample::Profile,
    words::{Words, escape, typo_score, typos},
};

/// Names that a misspelt word may mean.
const NEAR: usize = 12;
/// Of those, how many are looked for at once.
const CHUNK: usize = 3;
/// Dictionary rows looked at for one word.
const LOOKED_AT: i64 = 2_000;

/// Names that misspelt words may mean.
#[derive(Debug, Default)]
pub(super) struct Near {
    infix: Vec<Vec<String>>,
    /// Of each word the names that it may mean, and how well each answers it.
    pub(super) near: Vec<Vec<(String, u8)>>,
}

impl Near {
    /// For each word that may be a typo, sets of patterns with that word only as one, the nearest names first.
    ///
    /// The names stand without spaces around them: a word may end at a hyphen, and the trigrams of a first letter are in
    /// half of all texts, so leaving them out is twice as quick. The score tells whole words from parts.
    ///
    /// Of each word the best `most` names.
    pub(super) fn patterns(&self, most: usize) -> Vec<Vec<Vec<String>>> {
        let all = self.all_patterns();
        let mut sets = Vec::new();
        for (at, near) in self.near.iter().enumerate() {
            for some in near[..near.len().min(most)].chunks(CHUNK) {
                let mut patterns = all.clone();
                patterns[at] = some
                    .iter()
                    .map(|(token, _)| format!("%{}%", escape(token)))
                    .collect();
                sets.push(patterns);
            }
        }
        sets
    }

    /// Each word as it is or as a typo.
    pub(super) fn all_patterns(&self) -> Vec<Vec<String>> {
        self.infix
            .iter()
            .enumerate()
            .map(|(at, infix)| [infix.clone(), self.meant(at)].concat())
            .collect()
    }

    fn meant(&self, at: usize) -> Vec<String> {
        self.near
            .get(at)
            .into_iter()
            .flatten()
            .map(|(token, _)| format!("%{}%", escape(token)))
            .collect()
    }
}

/// Looks up the names that each word may mean, the nearest first. `at_most` bounds the words that are looked up.
pub(super) async fn misspelt(tx: &mut Tx, words: &Words, at_most: Option<usize>) -> Result<Near> {
    let mut near = Vec::with_capacity(words.list.len());
    let mut left = at_most.unwrap_or(usize::MAX);
    for word in &words.list {
        let most = typos(word);
        if most == 0 || left == 0 {
            near.push(Vec::new());
            continue;
        }
        left -= 1;
        // Inside the wall: `=` of text is leakproof, and the primary key begins with organization and deletion.
        let tokens: Vec<String> =
            sqlx::query_scalar("SELECT DISTINCT token FROM (SELECT token FROM name_tokens WHERE deletion = ANY ($1) LIMIT $2) AS found")
                .bind(symspell::deletes(word))
                .bind(LOOKED_AT)
                .fetch_all(tx.conn())
                .await?;
        let mut tokens: Vec<(String, u8)> = tokens
            .into_iter()
            .filter_map(|token| {
                let score = typo_score(word, &token, most)?;
                Some((token, score))
            })
            .collect();
        tokens.sort_unstable_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
        tokens.truncate(NEAR);
        near.push(tokens);
    }
    Ok(Near {
        infix: words.infix(),
        near,
    })
}

/// How the dictionary of names knows the words: as the least known of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Known {
    Not,
    /// Names begin so.
    Beginning,
    /// They are names.
    Whole,
}

pub(super) async fn known(tx: &mut Tx, words: &Words) -> Result<Known> {
    // Names stand in the dictionary under themselves, so the first of them that begins so is the word if it is one.
    let first: Vec<Option<bool>> = sqlx::query_scalar(
        "SELECT (SELECT t.token = word FROM name_tokens t WHERE t.deletion >= word AND t.deletion < word || chr(1114111)
                   AND t.token = t.deletion ORDER BY t.deletion LIMIT 1)
         FROM unnest($1::text[]) AS word",
    )
    .bind(&words.list)
    .fetch_all(tx.conn())
    .await?;
    let known = first.into_iter().map(|whole| match whole {
        Some(true) => Known::Whole,
        Some(false) => Known::Beginning,
        None => Known::Not,
    });
    Ok(known.min().unwrap_or(Known::Not))
}

/// The names that begin so, the word itself first if it is one.
pub(super) async fn beginning(tx: &mut Tx, word: &str) -> Result<Vec<String>> {
    Ok(sqlx::query_scalar(
        "SELECT token FROM name_tokens WHERE deletion >= $1 AND deletion < $1 || chr(1114111) AND token = deletion
         ORDER BY deletion LIMIT $2",
    )
    .bind(word)
    .bind(NEAR as i64)
    .fetch_all(tx.conn())
    .await?)
}

/// Whether anybody has all of it in their text; the deleted count where they are looked for.
pub(super) async fn any(tx: &mut Tx, patterns: &[Vec<String>], deleted: Deleted) -> Result<bool> {
    let walk = Profile::of(tx).await?.prefers_walking(patterns, 1);
    let living = sqlx::query_scalar::<_, Uuid>(if walk {
        "SELECT id FROM walk_customers($1, '{}', 1)"
    } else {
        "SELECT id FROM find_customers($1, '{}', 1)"
    })
    .bind(json!(patterns))
    .fetch_optional(tx.conn())
    .await?;
    if living.is_some() || deleted == Deleted::Without {
        return Ok(living.is_some());
    }
    let gone: Option<Uuid> =
        sqlx::query_scalar("SELECT id FROM find_customers($1, '{\"deleted\": \"only\"}', 1)")
            .bind(json!(patterns))
            .fetch_optional(tx.conn())
            .await?;
    Ok(gone.is_some())
}
