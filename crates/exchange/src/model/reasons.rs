//! The codes of reasons in words, for summaries: the sentence of a reason speaks of one row, these of many.
//!
//! What it never does: give out codes; whoever finds a reason does.

use std::borrow::Cow;

use super::{Counts, Plan};

/// Said of rows that are done, or that need nothing: no faults.
const NOTES: &[(&str, &str)] = &[
    (
        "nobody",
        "without a name, company, e-mail address, phone or id: passed over",
    ),
    (
        "row_continued",
        "about the same customer as an earlier row of the file",
    ),
    ("row_repeated", "the same as an earlier row of the file"),
    ("unchanged", "known already"),
];

/// Why rows are refused.
const REFUSALS: &[(&str, &str)] = &[
    ("amount_invalid", "amount not understood"),
    ("attribute_invalid", "value does not fit its attribute"),
    ("cell_error", "cell with an error of the spreadsheet"),
    ("changed_meanwhile", "customer changed since the check"),
    ("choice_unknown", "word that the field does not know"),
    ("code_reserved", "code that would be beyond those we give"),
    ("code_taken", "another customer has the code"),
    ("column_unknown", "field that no earlier object has"),
    ("consent_invalid", "consent not understood"),
    ("country_invalid", "unknown country"),
    ("currency_invalid", "unknown currency"),
    ("currency_wrong", "credit limit in another currency"),
    ("customer_deleted", "customer is deleted"),
    (
        "customer_exists",
        "customer exists, and only new ones are to be created",
    ),
    (
        "customer_unknown",
        "customer not found, and only known ones are to be updated",
    ),
    ("date_invalid", "date not understood"),
    ("degrees_invalid", "latitude or longitude not understood"),
    ("email_invalid", "not an e-mail address"),
    ("email_taken", "another customer has the e-mail address"),
    ("encoding_invalid", "bytes that are no text"),
    ("external_id_taken", "another customer has the id"),
    ("gone_meanwhile", "customer deleted since the check"),
    ("id_missing", "row that does not say which record it is of"),
    ("id_of_another", "id of a customer with another name"),
    ("ids_several", "several ids in a column for one"),
    ("ids_too_many", "too many ids"),
    ("json_key_twice", "object with the same field twice"),
    ("json_malformed", "JSON not understood"),
    ("json_not_an_object", "not an object"),
    ("json_too_deep", "object nested too deeply"),
    ("kind_invalid", "neither person nor company"),
    ("lifecycle_stage_invalid", "unknown lifecycle stage"),
    ("list_invalid", "list not understood"),
    ("locale_invalid", "language not understood"),
    ("matches_two", "matches two customers"),
    ("no_room_for_tag", "no room for another tag"),
    ("phone_ambiguous", "several customers have the phone"),
    ("phone_invalid", "phone not understood"),
    ("priority_invalid", "unknown priority"),
    ("quantity_invalid", "not a whole number"),
    ("quote_never_closed", "quote that is never closed"),
    ("record_differs", "rows of one record that differ"),
    ("record_exists", "exists, and only new ones are to be created"),
    ("record_too_large", "row too large"),
    (
        "record_unknown",
        "not known, and only known ones are to be updated",
    ),
    ("rows_apart", "rows of one record that do not follow each other"),
    ("service_level_invalid", "unknown service level"),
    ("status_invalid", "unknown status"),
    ("text_has_line_break", "line break where one line belongs"),
    ("text_has_nul", "text with a NUL character"),
    ("time_invalid", "time not understood"),
    ("time_zone_invalid", "unknown time zone"),
    ("too_long", "text too long"),
    ("too_many", "too many lines or variants"),
    ("too_many_fields", "more cells than columns"),
    ("too_many_sources", "too many ids of one customer"),
    ("too_many_tags", "too many tags"),
    ("type_invalid", "unknown type"),
    ("verified_invalid", "neither yes nor no"),
];

/// How many rows something is said of, and what.
pub type Line = (u64, Cow<'static, str>);

impl Plan {
    /// Why rows are refused, most frequent first. A row may have several reasons. The result may have more conflicts than
    /// were foreseen: what changed after the check.
    pub fn refusals(&self, result: &Counts) -> Vec<Line> {
        let is_note = |code: &str| NOTES.iter().any(|(note, _)| *note == code);
        let mut lines: Vec<Line> = self
            .reasons
            .iter()
            .filter(|(code, _)| !is_note(code))
            .map(|(code, rows)| {
                let known = REFUSALS.iter().find(|(known, _)| known == code);
                let words = known.map_or_else(|| code.replace('_', " ").into(), |(_, words)| (*words).into());
                (*rows, words)
            })
            .collect();
        let late = result.conflict.saturating_sub(self.counts.conflict);
        if late > 0 {
            lines.push((late, "no longer possible after the check".into()));
        }
        lines.sort_by_key(|(rows, _)| std::cmp::Reverse(*rows));
        lines
    }

    /// What else is to be said of rows: nothing of it is a fault. That all unchanged rows are known already goes without
    /// saying.
    pub fn notes(&self) -> Vec<Line> {
        NOTES
            .iter()
            .filter_map(|(code, words)| {
                let rows = *self.reasons.get(*code)?;
                (*code != "unchanged" || rows < self.counts.skip).then_some((rows, (*words).into()))
            })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reasons_are_told_in_words_faults_apart_from_what_is_none() {
        let plan = Plan {
            counts: Counts {
                skip: 12,
                ..Counts::default()
            },
            reasons: [
                ("email_invalid", 4),
                ("matches_two", 9),
                ("new_kind_of_fault", 1),
                ("row_continued", 7),
                ("unchanged", 12),
            ]
            .map(|(code, rows)| (code.to_owned(), rows))
            .into(),
            ..Plan::default()
        };
        let told = |lines: Vec<Line>| -> Vec<String> {
            lines
                .iter()
                .map(|(rows, words)| format!("{rows} {words}"))
                .collect()
        };
        assert_eq!(
            told(plan.refusals(&plan.counts)),
            [
                "9 matches two customers",
                "4 not an e-mail address",
                "1 new kind of fault"
            ]
        );
        let result = Counts {
            conflict: 20,
            ..plan.counts
        };
        assert_eq!(
            told(plan.refusals(&result))[0],
            "20 no longer possible after the check"
        );
        assert_eq!(
            told(plan.notes()),
            ["7 about the same customer as an earlier row of the file"],
            "12 unchanged rows are in the counts already"
        );
    }
}
