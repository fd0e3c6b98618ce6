//! Where a page of a list stands, and the ways on. Pages have numbers as far as those reach, and cursors after that.

use regulars_kernel::{PageRequest, paging::Start};
use regulars_kernel::{Total, paging::PageInfo};
use regulars_web::pages::{ListState, Page};

/// The deepest row that a page number reaches.
const DEEPEST: u64 = 10_000;

/// The way that a list's pager shows.
pub(crate) fn place(
    path: &str,
    state: &ListState,
    asked: &PageRequest,
    info: &PageInfo,
    shown: usize,
) -> Page {
    let limit = u64::from(asked.limit);
    let number = match asked.start {
        Start::First => Some(1),
        Start::Page(number) => Some(u64::from(number)),
        Start::After(_) => None,
    };
    let first = match number {
        Some(number) => (number - 1) * limit + 1,
        None => state.get("at").parse().unwrap_or(1),
    };
    let page = |number: u64| state.with("page", &number.to_string()).href(path);
    let previous = match number {
        Some(1) => None,
        Some(2) => Some(state.without("page").href(path)),
        Some(number) => Some(page(number - 1)),
        None => Some(page(DEEPEST / limit + 1)),
    };
    let next = info.next_cursor.as_deref().map(|cursor| match number {
        Some(number) if number * limit <= DEEPEST => page(number + 1),
        _ => {
            let at = (first + shown as u64).to_string();
            let on = state.without("page");
            let on = on.pairs().chain([("cursor", cursor), ("at", at.as_str())]);
            on.collect::<ListState>().href(path)
        }
    });
    let Total { value, exact } = info.total;
    Page {
        first: if shown == 0 { 0 } else { first },
        last: if shown == 0 { 0 } else { first + shown as u64 - 1 },
        total: u64::try_from(value).ok(),
        about: !exact,
        previous,
        next,
    }
}

/// Whether a page beyond those that have numbers was asked for by one.
pub(crate) fn is_too_deep(asked: &PageRequest) -> bool {
    asked.offset().unsigned_abs() > DEEPEST
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_have_numbers_and_beyond_them_cursors() {
        let state = ListState::parse("q=10&page=3");
        let info = PageInfo {
            next_cursor: Some("abc".into()),
            total: Total::about(10_000),
        };
        let asked = |start| PageRequest { limit: 50, start };
        let third = place("/orders", &state, &asked(Start::Page(3)), &info, 50);
        assert_eq!((third.first, third.last), (101, 150));
        assert_eq!(third.previous.as_deref(), Some("/orders?q=10&page=2"));
        assert_eq!(third.next.as_deref(), Some("/orders?q=10&page=4"));
        let deep = place("/orders", &state, &asked(Start::Page(201)), &info, 50);
        assert_eq!(deep.next.as_deref(), Some("/orders?q=10&cursor=abc&at=10051"));
        let first = place("/orders", &ListState::default(), &asked(Start::First), &info, 0);
        assert_eq!((first.first, first.last, first.previous), (0, 0, None));
    }
}
