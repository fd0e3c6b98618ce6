//! Keeps spreadsheets from executing what customers typed, without changing it for those who read the file back.
//!
//! OWASP ASVS 5.0, 1.2.10: a field whose first character is one of `= + - @`, tab or NUL is escaped with a single quote.
//! CR, LF and the full-width forms of the signs do the same harm and are escaped too. So that reading can undo it
//! exactly, a field that already looks escaped gets one more apostrophe.
//!
//! What it never does: touch an apostrophe that belongs to a name (`'t Hooft`, `'s-Hertogenbosch`).

use std::borrow::Cow;

fn is_dangerous(letter: char) -> bool {
    matches!(
        letter,
        '=' | '+' | '-' | '@' | '\t' | '\r' | '\n' | '\0' | '＝' | '＋' | '－' | '＠'
    )
}

/// Digits and what stands between the digits of phones, dates, codes and numbers. Shopify writes an apostrophe before such
/// fields, and so do people who want a spreadsheet to leave them alone.
fn is_number_like(text: &str) -> bool {
    text.starts_with(|letter: char| letter.is_ascii_digit())
        && text
            .bytes()
            .all(|byte| byte.is_ascii_digit() || b" +-().,/:".contains(&byte))
}

/// Whether a field that begins with an apostrophe has it only for the spreadsheet's sake.
fn looks_escaped(field: &str) -> bool {
    let Some(rest) = field.strip_prefix('\'') else {
        return false;
    };
    let bare = rest.trim_start_matches('\'');
    bare.starts_with(is_dangerous) || is_number_like(bare)
}

/// The field as it may be written into a CSV file.
pub fn neutralise(field: &str) -> Cow<'_, str> {
    if field.starts_with(is_dangerous) || looks_escaped(field) {
        Cow::Owned(format!("'{field}"))
    } else {
        Cow::Borrowed(field)
    }
}

/// What a field read from a CSV file means: [`neutralise`] undone.
pub fn restore(field: &str) -> &str {
    if looks_escaped(field) { &field[1..] } else { field }
}
