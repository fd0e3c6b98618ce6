//! A shop that looks real, made from a seed: people and companies of several countries, skewed tags, consents and
//! histories. The same seed and number give the same shop.
//!
//! It writes a file and lets the import do the rest, so that a demo shop is made by the code that real shops use.

mod carts;
mod goods;
pub mod histories;
mod names;
pub mod orders;
mod stock;
mod visits;
mod wishes;

use std::{fs::File, io::BufWriter, path::Path};

use chrono::{DateTime, Datelike, Duration, SecondsFormat, Utc};
use rand::{Rng, SeedableRng, rngs::StdRng};
use regulars_kernel::{Result, text::fold};
use serde_json::{Map, Value, json};

use names::{COMPANY_FIRST, COMPANY_SECOND, INDUSTRIES, LEGAL_FORMS, PLACES, Place, TAGS};

/// Writes `count` customers as JSON Lines, with the columns of our own export.
pub fn write(path: &Path, count: u64, seed: u64, now: DateTime<Utc>) -> Result<()> {
    use std::io::Write as _;
    let mut random = StdRng::seed_from_u64(seed);
    let mut out = BufWriter::new(File::create(path)?);
    for number in 1..=count {
        let line = customer(&mut random, number, count, now);
        serde_json::to_writer(&mut out, &line)?;
        out.write_all(b"\n")?;
    }
    out.flush()?;
    Ok(())
}

/// Draws an index with a heavy head: the first items come far more often than the last.
fn skewed(random: &mut StdRng, len: usize) -> usize {
    let x: f64 = random.random();
    ((x * x * len as f64) as usize).min(len - 1)
}

fn pick<'a, T: ?Sized>(random: &mut StdRng, items: &[&'a T]) -> &'a T {
    items[skewed(random, items.len())]
}

fn place(random: &mut StdRng) -> &'static Place {
    let mut left = random.random_range(0..PLACES.iter().map(|place| place.share).sum::<u32>());
    for place in PLACES {
        if left < place.share {
            return place;
        }
        left -= place.share;
    }
    &PLACES[0]
}

fn digits(random: &mut StdRng, count: usize) -> String {
    (0..count)
        .map(|_| char::from(b'0' + random.random_range(0..10u8)))
        .collect()
}

/// ASCII for the local part of an address; names in other scripts get a neutral one.
fn mailbox(first: &str, last: &str, number: u64) -> String {
    let plain = |text: &str| {
        fold(text)
            .chars()
            .filter(char::is_ascii_alphanumeric)
            .collect::<String>()
    };
    match (plain(first), plain(last)) {
        (first, last) if first.is_empty() || last.is_empty() => format!("guest{number}"),
        (first, last) => format!("{first}.{last}{number}"),
    }
}

fn customer(random: &mut StdRng, number: u64, count: u64, now: DateTime<Utc>) -> Value {
    let place = place(random);
    let first = pick(random, place.first_names);
    let last = pick(random, place.last_names);
    let company = random.random_bool(0.06);
    // More customers lately than long ago: the shop grows.
    let age = 1.0 - (number as f64 / count as f64).sqrt();
    let created =
        now - Duration::seconds((age * 3.0 * 365.0 * 86_400.0) as i64 + random.random_range(0..86_400));
    let mut row = Map::new();
    row.insert("external_id".into(), json!(format!("demo-{number}")));
    row.insert(
        "created_at".into(),
        json!(created.to_rfc3339_opts(SecondsFormat::Secs, true)),
    );
    row.insert("kind".into(), json!(if company { "company" } else { "person" }));
    if company {
        let name = format!("{} {}", pick(random, COMPANY_FIRST), pick(random, COMPANY_SECOND));
        let form = LEGAL_FORMS
            .iter()
            .find(|(country, _)| *country == place.country)
            .map_or("", |(_, form)| form);
        row.insert("company_name".into(), json!(name));
        row.insert("legal_name".into(), json!(format!("{name} {form}").trim_end()));
        row.insert("industry".into(), json!(pick(random, INDUSTRIES)));
        row.insert(
            "email".into(),
            json!(format!(
                "office{number}@{}.example",
                fold(&name).replace(' ', "-")
            )),
        );
        row.insert(
            "credit_limit".into(),
            json!(format!("{}.00", random.random_range(1..20) * 500)),
        );
    } else {
        row.insert("first_name".into(), json!(first));
        row.insert("last_name".into(), json!(last));
        if random.random_bool(0.94) {
            let host = pick(
                random,
                &[
                    "example.com",
                    "example.org",
                    "example.net",
                    "post.example",
                    "mail.example",
                ],
            );
            row.insert(
                "email".into(),
                json!(format!("{}@{host}", mailbox(first, last, number))),
            );
        }
        if random.random_bool(0.35) {
            let year = now.year() - random.random_range(18..80);
            let birthday = format!(
                "{year}-{:02}-{:02}",
                random.random_range(1..=12),
                random.random_range(1..=28)
            );
            row.insert("birthday".into(), json!(birthday));
        }
    }
    if random.random_bool(0.6) {
        row.insert(
            "phone".into(),
            json!(format!("{}{}", place.phone.0, digits(random, place.phone.1))),
        );
    }
    let status = pick(
        random,
        &[
            "active", "active", "active", "prospect", "active", "vip", "inactive", "churned", "pending",
            "blocked",
        ],
    );
    row.insert("status".into(), json!(status));
    let kind = if company {
        pick(random, &["wholesale", "registered"])
    } else {
        pick(random, &["registered", "registered", "guest", "affiliate"])
    };
    row.insert("type".into(), json!(kind));
    let stage = match status {
        "prospect" | "pending" => "prospect",
        "vip" => "loyal",
        "inactive" => "dormant",
        "churned" | "blocked" => "lost",
        _ => pick(random, &["active", "new", "loyal", "at_risk"]),
    };
    row.insert("lifecycle_stage".into(), json!(stage));
    row.insert("locale".into(), json!(place.locale));
    row.insert("time_zone".into(), json!(place.time_zone));
    if random.random_bool(0.85) {
        let (city, province, start) = place.cities[skewed(random, place.cities.len())];
        let street = pick(random, place.streets);
        let house = random.random_range(1..160);
        row.insert(
            "address.line1".into(),
            json!(if place.number_first {
                format!("{house} {street}")
            } else {
                format!("{street} {house}")
            }),
        );
        row.insert("address.city".into(), json!(city));
        row.insert("address.province".into(), json!(province));
        row.insert(
            "address.postal_code".into(),
            json!(format!("{start}{}", digits(random, place.postcode_digits))),
        );
        row.insert("address.country".into(), json!(place.country));
    }
    let mut tags: Vec<&str> = (0..skewed(random, 4)).map(|_| pick(random, TAGS)).collect();
    tags.sort_unstable();
    tags.dedup();
    row.insert("tags".into(), json!(tags));
    let consent = pick(random, &["subscribed", "never_subscribed", "unsubscribed"]);
    row.insert("consent.email".into(), json!(consent));
    if random.random_bool(0.25) {
        row.insert("attribute.shoe_size".into(), json!(random.random_range(35..47)));
    }
    if random.random_bool(0.1) {
        row.insert(
            "attribute.favourite_colour".into(),
            json!(pick(random, &["blue", "green", "black", "red"])),
        );
    }
    // Drawn aside: whoever comes next is who they were before there were these.
    let mut aside = random.clone();
    for (address, flag, share) in [
        ("email", "email_verified", 0.7),
        ("phone", "phone_verified", 0.35),
    ] {
        let is_seen = aside.random_bool(share);
        if row.contains_key(address) {
            row.insert(flag.into(), json!(is_seen));
        }
    }
    Value::Object(row)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_seed_gives_the_same_shop_and_no_e_mail_twice() {
        let now = "2026-11-01T00:00:00Z".parse().unwrap();
        let make = |seed| {
            let mut random = StdRng::seed_from_u64(seed);
            (1..=2_000)
                .map(|number| customer(&mut random, number, 2_000, now))
                .collect::<Vec<_>>()
        };
        let shop = make(7);
        assert_eq!(shop, make(7));
        assert_ne!(shop, make(8));
        let mut emails: Vec<_> = shop.iter().filter_map(|row| row["email"].as_str()).collect();
        let before = emails.len();
        emails.sort_unstable();
        emails.dedup();
        assert_eq!(emails.len(), before);
        assert!(shop.iter().any(|row| row["kind"] == "company"));
        // Most addresses were seen to work, fewer phones; what is not there was not.
        for (address, flag, share) in [("email", "email_verified", 70), ("phone", "phone_verified", 35)] {
            let all = shop.iter().filter(|row| row[address].is_string()).count();
            let seen: Vec<_> = shop.iter().filter(|row| row[flag] == true).collect();
            assert!(seen.iter().all(|row| row[address].is_string()));
            assert!(
                (seen.len() * 100 / all).abs_diff(share) < 5,
                "{flag}: {} of {all}",
                seen.len()
            );
        }
    }

    #[test]
    fn people_come_from_several_countries_with_the_names_of_each_and_few_tags_are_on_most() {
        use std::collections::{BTreeMap, BTreeSet, HashSet};
        let now = "2026-11-01T00:00:00Z".parse().unwrap();
        let mut random = StdRng::seed_from_u64(7);
        let shop: Vec<Value> = (1..=5_000)
            .map(|number| customer(&mut random, number, 5_000, now))
            .collect();
        let mut people: BTreeMap<&str, (usize, HashSet<&str>)> = BTreeMap::new();
        let mut tags: BTreeMap<&str, usize> = BTreeMap::new();
        for row in &shop {
            let text = |field: &str| row[field].as_str();
            if let (Some(locale), Some(last)) = (text("locale"), text("last_name")) {
                let place = PLACES.iter().find(|place| place.locale == locale).unwrap();
                assert!(place.last_names.contains(&last), "{last} of {}", place.country);
                assert!(place.first_names.contains(&text("first_name").unwrap()));
                assert!(text("address.country").is_none_or(|country| country == place.country));
                let (count, names) = people.entry(place.country).or_default();
                *count += 1;
                names.insert(last);
            }
            for tag in row["tags"].as_array().unwrap() {
                *tags.entry(tag.as_str().unwrap()).or_default() += 1;
            }
        }
        assert!(people.len() >= 8, "{people:?}");
        for (country, (count, names)) in &people {
            assert!(
                *count >= 50 && names.len() >= 4,
                "{country}: {count} with {names:?}"
            );
        }
        // Beyond Latin letters and beyond ASCII.
        let beyond = |least: char| {
            people
                .values()
                .any(|(_, names)| names.iter().any(|name| name.contains(|c| c >= least)))
        };
        assert!(beyond('À') && beyond('\u{3040}'), "{people:?}");
        // Skewed: the most frequent tag is on far more people than the rarest, and three of twelve make two fifths of all.
        assert_eq!(
            tags.keys().copied().collect::<BTreeSet<_>>(),
            TAGS.iter().copied().collect()
        );
        let mut counts: Vec<usize> = tags.into_values().collect();
        counts.sort_unstable_by(|one, two| two.cmp(one));
        let (first, last) = (counts[0], counts[counts.len() - 1]);
        assert!(first >= 4 * last, "{counts:?}");
        let sum: usize = counts.iter().sum();
        assert!(counts[..3].iter().sum::<usize>() * 5 >= sum * 2, "{counts:?}");
    }
}
