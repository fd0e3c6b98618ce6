//! The admin pages' frame and parts: shell, components, icons, assets and the way values are written for people.
//!
//! Rooms build their pages from these functions, so that every page looks and behaves alike. Nothing here reads a
//! database or knows a route's work. There is no inline script or style, and no `style` attribute: the
//! Content-Security-Policy forbids them. `assets/js` says which data attributes bring a part to life.

pub mod assets;
pub mod components;
pub mod format;
#[rustfmt::skip]
pub mod icons;
pub mod lent;
pub mod nav;
pub mod samples;
pub mod shell;
pub mod state;
pub mod style_guide;

pub use components::*;
pub use format::{Locale, time_tag};
pub use icons::Icon;
pub use lent::{CustomerLine, CustomerLines};
pub use nav::{NAV, Nav, NavItem};
pub use shell::{Crumb, Shell, SidebarLink, bare_page, favourites_again, page};
pub use state::{ListState, segment};
pub use style_guide::style_guide;
