//! Origins of pages, as browsers say them.

use regulars_kernel::Faults;

/// Most origins of one key.
const MOST: usize = 50;

/// The origins of a key that a browser may hold, as browsers write them; every fault is noted.
pub(super) fn check_origins(given: &[String], faults: &mut Faults) -> Vec<String> {
    if given.is_empty() || given.len() > MOST {
        faults.add(
            "/origins",
            "origins_invalid",
            format!("name 1 to {MOST} origins of pages that use the key"),
        );
    }
    let mut origins: Vec<String> = Vec::new();
    for (at, text) in given.iter().take(MOST).enumerate() {
        match clean(text) {
            Some(origin) if origins.contains(&origin) => {}
            Some(origin) => origins.push(origin),
            None => {
                let shown: String = text.chars().take(60).collect();
                let message =
                    format!("“{shown}” is no origin; write it as https://shop.example, without a path");
                faults.add(format!("/origins/{at}"), "origin_invalid", message);
            }
        }
    }
    origins
}

/// An origin as browsers write it: lower case, no path, no port that is the scheme's own.
fn clean(text: &str) -> Option<String> {
    let text = text.trim().to_ascii_lowercase();
    let (scheme, rest) = text.split_once("://")?;
    let rest = rest.strip_suffix('/').unwrap_or(rest);
    let (host, port) = match rest.rsplit_once(':') {
        Some((host, port)) if !rest.ends_with(']') => (host, Some(port.parse::<u16>().ok()?)),
        _ => (rest, None),
    };
    let is_named = !host.is_empty()
        && host.len() <= 253
        && (host
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'.'))
            || (host.starts_with('[')
                && host.ends_with(']')
                && host[1..host.len() - 1].parse::<std::net::Ipv6Addr>().is_ok()));
    if !is_named || !matches!(scheme, "http" | "https") {
        return None;
    }
    let port = port.filter(|port| *port != if scheme == "https" { 443 } else { 80 });
    Some(match port {
        Some(port) => format!("{scheme}://{host}:{port}"),
        None => format!("{scheme}://{host}"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn origins_are_kept_as_browsers_write_them() {
        for (given, kept) in [
            ("https://Shop.example/", Some("https://shop.example")),
            ("https://shop.example:443", Some("https://shop.example")),
            ("http://localhost:3000", Some("http://localhost:3000")),
            ("http://[::1]:3000", Some("http://[::1]:3000")),
            ("http://[::1]", Some("http://[::1]")),
            ("https://shop.example/path", None),
            ("https://*.shop.example", None),
            ("https://ada@shop.example", None),
            ("shop.example", None),
            ("ftp://shop.example", None),
            ("https://", None),
            ("null", None),
            ("*", None),
        ] {
            assert_eq!(clean(given).as_deref(), kept, "{given}");
        }
        let mut faults = Faults::new();
        let twice = [
            "https://a.example".to_owned(),
            "https://A.example/".to_owned(),
            "x".to_owned(),
        ];
        assert_eq!(check_origins(&twice, &mut faults), ["https://a.example"]);
        assert_eq!(faults.0[0].pointer, "/origins/2");
        check_origins(&[], &mut faults);
        assert_eq!(faults.0[1].pointer, "/origins");
    }
}
