//! Headers as words, and names made from them.
//!
//! What it never does: know any header.

use regulars_kernel::text::fold;

/// Folded words of a header, single spaces between: `firstName`, `First-Name` and `FIRST_NAME` are all `first name`.
/// With `split_digits`, `Address1` is `address 1`.
pub fn words(header: &str, split_digits: bool) -> String {
    let mut spaced = String::with_capacity(header.len() + 4);
    let mut before = ' ';
    for letter in header.chars() {
        let is_hump = before.is_lowercase() && letter.is_uppercase();
        let is_digit_edge = split_digits && before.is_alphabetic() && letter.is_ascii_digit();
        if is_hump || is_digit_edge {
            spaced.push(' ');
        }
        spaced.push(letter);
        before = letter;
    }
    let folded = fold(&spaced);
    folded
        .split(|letter: char| !letter.is_alphanumeric())
        .filter(|word| !word.is_empty())
        .collect::<Vec<_>>()
        .join(" ")
}

/// A name for the attribute that takes this column: `Shoe Size` → `shoe_size`. `number` (from 1) names a column whose
/// header has no Latin letters.
pub fn attribute_name(header: &str, number: usize) -> String {
    let mut name: String = words(header, false)
        .chars()
        .map(|letter| if letter == ' ' { '_' } else { letter })
        .filter(|letter| is_name_letter(*letter))
        .collect();
    name.truncate(50);
    let name = name.trim_matches('_');
    match name.chars().next() {
        None => format!("column_{number}"),
        Some(first) if first.is_ascii_digit() => format!("column_{name}"),
        Some(_) => name.to_owned(),
    }
}

fn is_name_letter(letter: char) -> bool {
    letter.is_ascii_lowercase() || letter.is_ascii_digit() || letter == '_'
}

/// Whether attributes can be called this.
pub fn is_attribute_name(name: &str) -> bool {
    name.len() <= 60
        && name.starts_with(|first: char| first.is_ascii_lowercase())
        && name.chars().all(is_name_letter)
}

/// Whether sources can be called this.
pub fn is_source_name(name: &str) -> bool {
    name.len() <= 40
        && name.starts_with(|first: char| first.is_ascii_lowercase())
        && name.chars().all(is_name_letter)
}
