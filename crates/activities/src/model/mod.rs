//! What an activity is, and what must hold of it; no SQL, no HTTP.

mod address;
mod check;
mod input;
mod kind;
mod settings;

pub use address::cut_off;
pub use check::{Activity, Named, When, Whose};
pub use input::{ActivityInput, GeoInput, UtmInput};
pub use kind::{Kind, LONGEST_DAYS};
pub use settings::{IpPolicy, Settings, SettingsPatch};
