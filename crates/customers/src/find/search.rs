//! The search: who answers a few typed words best.
//!
//! Tiers, each by its own index, until there are enough: the e-mail address, phone or code itself; names that begin with
//! it, or whose first or last word is a name that does (btree); words that begin with each word (trigrams); names one or
//! two typos away (the dictionary `name_tokens`, then as before); words anywhere. Each tier gives up to 250 candidates,
//! as many for every page, and [`Words::score`] ranks them within it. A search that fills its page from an early tier
//! does not look into later ones; a page that does goes on where the one before ended.

use std::collections::{HashMap, HashSet};

use futures::TryStreamExt as _;
use regulars_database::Tx;
use regulars_kernel::{Result, paging::Total};
use serde_json::json;
use sqlx::{QueryBuilder, Row, postgres::PgRow};
use uuid::Uuid;

use super::{
    filters::Deleted,
    near::{Known, Near, beginning, known, misspelt},
    sample::Profile,
    selection::Selection,
    total,
    words::{Score, Words},
};

/// Candidates of one tier.
const TIER: i32 = 250;
/// Of the names that a misspelt word may mean, how many are looked for in the middle of names and in addresses: each
/// costs about a millisecond, and whoever is called so was found by then.
const INSIDE: usize = 6;
/// So many times as many of them where an expression narrows the search.
const EXPRESSED: i32 = 20;
/// Candidates in a small organization: everybody.
const EVERYBODY: i32 = 5_000;
/// Whose e-mail address, phone or code it is.
const EXACT: Score = Score(100, 0);

/// Someone found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Hit {
    pub id: Uuid,
    /// Where it was found first. Whoever an earlier tier finds stands before all of a later one, so that a page which
    /// needs one tier more goes on where the page before ended.
    tier: u32,
    pub score: Score,
    sort_name: String,
}

/// Who was found, best first.
#[derive(Debug)]
pub(super) struct Hits {
    pub hits: Vec<Hit>,
    pub total: Total,
}

struct Search<'a> {
    words: &'a Words,
    selection: &'a Selection,
    profile: &'a Profile,
    filter: serde_json::Value,
    found: HashMap<Uuid, Hit>,
    /// The one that is looked into; in a small organization all are one.
    tier: u32,
    near: Vec<Vec<(String, u8)>>,
    /// Each word as it is or as a typo.
    meant: Vec<Vec<String>>,
    /// Whether no tier was cut.
    complete: bool,
}

/// The best `need` customers of a selection; more where they come for free. With `counted` the total is exact, unless no
/// name is near the words: then whoever has them as typed is left to be counted.
pub(super) async fn best(
    tx: &mut Tx,
    words: &Words,
    selection: &Selection,
    need: usize,
    counted: bool,
) -> Result<Hits> {
    if selection.is_empty() || words.list.is_empty() {
        return Ok(Hits {
            hits: Vec::new(),
            total: Total::exact(0),
        });
    }
    let profile = Profile::of(tx).await?;
    let filter = selection.as_json();
    let mut search = Search {
        words,
        selection,
        profile: &profile,
        filter,
        found: HashMap::new(),
        tier: 0,
        near: Vec::new(),
        meant: Vec::new(),
        complete: true,
    };
    let finished = search.tiers(tx, need).await?;
    let counted = if counted && !(finished && search.complete) {
        search.count(tx).await?
    } else {
        None
    };
    let Search {
        found,
        meant,
        complete,
        ..
    } = search;
    let mut hits: Vec<Hit> = found.into_values().filter(|hit| hit.score.0 > 0).collect();
    hits.sort_unstable_by(|a, b| {
        a.tier
            .cmp(&b.tier)
            .then(b.score.cmp(&a.score))
            .then_with(|| a.sort_name.cmp(&b.sort_name))
            .then(a.id.cmp(&b.id))
    });
    let total = if let Some(counted) = counted {
        Total::exact(counted)
    } else if finished && complete {
        Total::exact(hits.len() as i64)
    } else {
        Total::about(
            about(
                tx,
                if meant.is_empty() { words.infix() } else { meant },
                selection,
                &profile,
            )
            .await?
            .max(hits.len() as i64),
        )
    };
    Ok(Hits { hits, total })
}

/// The share of the sample that matches, of the rows that the filters leave by the planner's estimate.
async fn about(
    tx: &mut Tx,
    patterns: Vec<Vec<String>>,
    selection: &Selection,
    profile: &Profile,
) -> Result<i64> {
    let left = if selection.filters().count() == 0 && selection.filters().deleted == Deleted::Without {
        profile.size()
    } else {
        total::estimate(tx, selection).await? as f64
    };
    Ok((profile.share(&patterns, selection.attributes()) * left) as i64)
}

impl Search<'_> {
    /// Whether all tiers were looked into.
    async fn tiers(&mut self, tx: &mut Tx, need: usize) -> Result<bool> {
        self.exact(tx).await?;
        if self.profile.is_small() {
            self.candidates(tx, self.words.infix(), EVERYBODY).await?;
            self.misspelt(tx, usize::MAX).await?;
            return Ok(true);
        }
        self.names(tx, need).await?;
        if self.found.len() >= need {
            return Ok(false);
        }
        // The dictionary says for little whether names begin so. If none does the index would read the long lists of
        // frequent letters for nothing: 600 ms for `% gmail.com%`.
        let known = known(tx, self.words).await?;
        // By trigrams a part of a common name is as slow as everybody who has that name is many: 14 ms for `johnso`.
        if let ([word], true) = (self.words.list.as_slice(), known != Known::Not) {
            let names = beginning(tx, word).await?;
            self.named(tx, &names).await?;
            if self.found.len() >= need {
                return Ok(false);
            }
        }
        if known == Known::Beginning {
            self.candidates(tx, self.words.prefix(), TIER).await?;
        } else if known == Known::Whole && self.candidates(tx, self.words.prefix(), TIER).await? {
            self.candidates(tx, self.words.whole(), TIER).await?;
        }
        if known != Known::Not && self.found.len() >= need {
            return Ok(false);
        }
        self.misspelt(tx, need).await?;
        if self.found.len() >= need {
            return Ok(false);
        }
        self.candidates(tx, self.words.infix(), TIER).await?;
        Ok(true)
    }

    /// E-mail address, phone and code, inside the wall: `=` is leakproof.
    async fn exact(&mut self, tx: &mut Tx) -> Result<()> {
        let mut sql = QueryBuilder::new("");
        let columns = "SELECT c.id, c.sort_name, c.search_text FROM customers c WHERE ";
        for (at, code) in self.words.codes.iter().enumerate() {
            sql.push(if at == 0 { "" } else { " UNION ALL " }).push(columns);
            self.selection.push(&mut sql);
            sql.push(" AND c.code = ").push_bind(code.clone());
        }
        // The index of addresses holds the living alone; the others are found by their text.
        if let (Some(email), Deleted::Without) = (&self.words.email, self.selection.filters().deleted) {
            sql.push(" UNION ALL ").push(columns);
            self.selection.push(&mut sql);
            sql.push(" AND c.email_lowercase = ").push_bind(email.clone());
        }
        if let Some(phone) = &self.words.phone {
            sql.push(" UNION ALL ").push(columns);
            self.selection.push(&mut sql);
            sql.push(" AND c.phone = ")
                .push_bind(phone.clone())
                .push(format!(" LIMIT {TIER}"));
        }
        let rows = sql.build().persistent(false).fetch_all(tx.conn()).await?;
        for row in rows {
            let (id, sort_name): (Uuid, String) = (row.try_get(0)?, row.try_get(1)?);
            self.found.insert(
                id,
                Hit {
                    id,
                    tier: 0,
                    score: EXACT,
                    sort_name,
                },
            );
        }
        Ok(())
    }

    /// Names that begin with all of it, in their order, inside the wall: `^@` is leakproof.
    async fn names(&mut self, tx: &mut Tx, need: usize) -> Result<()> {
        if self.selection.filters().deleted != Deleted::Without {
            return Ok(());
        }
        let mut sql = QueryBuilder::new("SELECT c.id, c.sort_name, c.search_text FROM customers c WHERE ");
        self.selection.push(&mut sql);
        sql.push(" AND c.sort_name ^@ ")
            .push_bind(self.words.folded.clone());
        sql.push(format!(" ORDER BY c.sort_name, c.id LIMIT {need}"));
        let rows = sql.build().persistent(false).fetch_all(tx.conn()).await?;
        self.keep(&rows, rows.len() >= need)?;
        Ok(())
    }

    /// Names that begin or end with one of these words, the first word's first.
    async fn named(&mut self, tx: &mut Tx, words: &[String]) -> Result<()> {
        if self.selection.filters().deleted != Deleted::Without {
            return Ok(());
        }
        // The name says what the text would say of a single word, and the index says the name.
        let rows = if self.selection.filters().count() == 0 {
            sqlx::query("SELECT id, sort_name, sort_name FROM named_customers($1, $2)")
                .bind(words.to_vec())
                .bind(TIER)
                .fetch_all(tx.conn())
                .await?
        } else {
            let mut sql = QueryBuilder::new("SELECT c.id, c.sort_name, c.sort_name FROM named_customers(");
            sql.push_bind(words.to_vec()).push(", ");
            sql.push_bind(TIER);
            sql.push(") AS n JOIN customers c ON c.id = n.id WHERE ");
            self.selection.push(&mut sql);
            sql.build().persistent(false).fetch_all(tx.conn()).await?
        };
        self.keep(&rows, rows.len() >= TIER as usize)?;
        Ok(())
    }

    /// Whether the tier was cut.
    async fn candidates(&mut self, tx: &mut Tx, patterns: Vec<Vec<String>>, most: i32) -> Result<bool> {
        // Only the living have an index to walk.
        let walk = self.profile.is_small()
            || (self.selection.filters().deleted == Deleted::Without
                && self.profile.prefers_walking(&patterns, most));
        let function = if walk {
            "walk_customers("
        } else {
            "find_customers("
        };
        let mut sql = QueryBuilder::new("SELECT f.id, f.sort_name, f.search_text");
        let mut most = most;
        if self.selection.has_expression() {
            // The functions know nothing of it, so that some of those that they find are none.
            most *= EXPRESSED;
            sql.push(", (");
            self.selection.push(&mut sql);
            sql.push(") FROM ");
        } else {
            sql.push(" FROM ");
        }
        sql.push(function).push_bind(json!(patterns)).push(", ");
        sql.push_bind(&self.filter).push(", ").push_bind(most).push(") f");
        if self.selection.has_expression() {
            sql.push(" JOIN customers c ON c.id = f.id");
        }
        let mut rows = sql
            .build()
            .persistent(!self.selection.has_expression())
            .fetch_all(tx.conn())
            .await?;
        let cut = rows.len() >= most as usize;
        if self.selection.has_expression() {
            rows.retain(|row| matches!(row.try_get(3), Ok(Some(true))));
        }
        self.keep(&rows, cut)
    }

    /// With each word in turn taken for a typo; the others as they are, or as typos too. The nearest names first.
    async fn misspelt(&mut self, tx: &mut Tx, need: usize) -> Result<()> {
        let near = self.mean(tx).await?;
        let is_small = self.profile.is_small();
        let mut names = usize::MAX;
        if let ([near], false, Deleted::Without) =
            (self.near.as_slice(), is_small, self.selection.filters().deleted)
        {
            let words: Vec<String> = near.iter().map(|(token, _)| token.clone()).collect();
            if !words.is_empty() {
                self.named(tx, &words).await?;
                if self.found.len() >= need {
                    return Ok(());
                }
                names = INSIDE;
            }
        }
        let most = if is_small { EVERYBODY } else { TIER };
        self.complete &= near.near.iter().all(|names_of_one| names_of_one.len() <= names);
        for patterns in near.patterns(names) {
            self.candidates(tx, patterns, most).await?;
            if self.found.len() >= need {
                self.complete = false;
                break;
            }
        }
        Ok(())
    }

    /// How many there are, each word as it is or as a typo: what paging to the end would show if no tier were cut. `None`
    /// where no name is near: who has the words as typed can be counted without being looked at.
    async fn count(&mut self, tx: &mut Tx) -> Result<Option<i64>> {
        if self.meant.is_empty() {
            self.mean(tx).await?;
        }
        if self.near.iter().all(Vec::is_empty) {
            return Ok(None);
        }
        let exact: HashSet<Uuid> = self
            .found
            .values()
            .filter(|hit| hit.score == EXACT)
            .map(|hit| hit.id)
            .collect();
        let mut counted = exact.len() as i64;
        let mut sql = QueryBuilder::new("SELECT f.id, f.sort_name, f.search_text FROM find_customers(");
        sql.push_bind(json!(self.meant)).push(", ");
        sql.push_bind(&self.filter)
            .push(", ")
            .push_bind(i32::MAX)
            .push(") f");
        if self.selection.has_expression() {
            sql.push(" JOIN customers c ON c.id = f.id WHERE ");
            self.selection.push(&mut sql);
        }
        let mut rows = sql.build().persistent(false).fetch(tx.conn());
        while let Some(row) = rows.try_next().await? {
            let (id, sort_name, text): (Uuid, String, String) =
                (row.try_get(0)?, row.try_get(1)?, row.try_get(2)?);
            let means = self.words.score(&sort_name, &text, &self.near).0 > 0;
            counted += i64::from(means && !exact.contains(&id));
        }
        Ok(Some(counted))
    }

    /// Looks up what the words may be typos of.
    async fn mean(&mut self, tx: &mut Tx) -> Result<Near> {
        let near = misspelt(tx, self.words, Some(2)).await?;
        self.near.clone_from(&near.near);
        self.meant = near.all_patterns();
        Ok(near)
    }

    /// Answers whether the tier was cut.
    fn keep(&mut self, rows: &[PgRow], cut: bool) -> Result<bool> {
        self.complete &= !cut;
        for row in rows {
            let (id, sort_name, text): (Uuid, String, String) =
                (row.try_get(0)?, row.try_get(1)?, row.try_get(2)?);
            let score = self.words.score(&sort_name, &text, &self.near);
            let tier = self.tier;
            let known = self.found.entry(id).or_insert(Hit {
                id,
                tier,
                score,
                sort_name,
            });
            known.score = known.score.max(score);
        }
        self.tier += u32::from(!self.profile.is_small());
        Ok(cut)
    }
}
