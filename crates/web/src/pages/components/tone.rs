//! Colours with a meaning: for statuses and tags. The style sheet gives each a pale ground and dark text, or the reverse.

use std::hash::{DefaultHasher, Hash, Hasher};

/// A hue of the design language.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Tone {
    /// Grey: nothing to say.
    #[default]
    Neutral,
    /// Blue: new, on its way.
    Blue,
    /// Green: good, done.
    Green,
    /// Teal.
    Teal,
    /// Amber: special, or look here.
    Amber,
    /// Orange: at risk.
    Orange,
    /// Red: bad, failed.
    Red,
    /// Pink.
    Pink,
    /// Violet: waiting.
    Violet,
}

impl Tone {
    /// All tones, for choosing a tag's colour.
    pub const ALL: [Self; 9] = [
        Self::Neutral,
        Self::Blue,
        Self::Green,
        Self::Teal,
        Self::Amber,
        Self::Orange,
        Self::Red,
        Self::Pink,
        Self::Violet,
    ];

    /// The name, as stored with a tag.
    pub fn name(self) -> &'static str {
        match self {
            Self::Neutral => "neutral",
            Self::Blue => "blue",
            Self::Green => "green",
            Self::Teal => "teal",
            Self::Amber => "amber",
            Self::Orange => "orange",
            Self::Red => "red",
            Self::Pink => "pink",
            Self::Violet => "violet",
        }
    }

    /// From a stored name, `gray` and a few common ones included; from `#rrggbb` the nearest hue; neutral if unknown.
    pub fn from_name(name: &str) -> Self {
        let name = name.trim().to_ascii_lowercase();
        if let Some(hex) = name.strip_prefix('#') {
            return Self::from_hex(hex).unwrap_or_default();
        }
        match name.as_str() {
            "yellow" | "gold" => Self::Amber,
            "purple" | "indigo" => Self::Violet,
            "cyan" => Self::Teal,
            "rose" => Self::Pink,
            _ => Self::ALL
                .into_iter()
                .find(|tone| tone.name() == name)
                .unwrap_or_default(),
        }
    }

    fn from_hex(hex: &str) -> Option<Self> {
        let value = u32::from_str_radix(hex, 16).ok().filter(|_| hex.len() == 6)?;
        let [_, red, green, blue] = value.to_be_bytes().map(i32::from);
        let most = red.max(green).max(blue);
        let spread = most - red.min(green).min(blue);
        if spread < 24 {
            return Some(Self::Neutral);
        }
        // The hue of HSV in degrees; https://en.wikipedia.org/wiki/HSL_and_HSV#Hue_and_chroma
        let hue = if most == red {
            60 * (green - blue) / spread
        } else if most == green {
            60 * (blue - red) / spread + 120
        } else {
            60 * (red - green) / spread + 240
        };
        Some(match hue.rem_euclid(360) {
            15..=37 => Self::Orange,
            38..=65 => Self::Amber,
            66..=160 => Self::Green,
            161..=195 => Self::Teal,
            196..=245 => Self::Blue,
            246..=295 => Self::Violet,
            296..=345 => Self::Pink,
            _ => Self::Red,
        })
    }

    /// The tone of a status word: of customers, jobs, imports, members and keys.
    pub fn of_status(status: &str) -> Self {
        match status {
            "active" | "succeeded" | "completed" | "done" | "accepted" | "subscribed" | "ready"
            | "created" => Self::Green,
            "vip" => Self::Amber,
            "prospect" | "running" | "importing" | "checking" | "updated" | "updating" => Self::Blue,
            "pending" | "queued" | "scheduled" | "invited" | "mapping" => Self::Violet,
            "at_risk" | "retrying" | "expiring" | "conflict" => Self::Orange,
            "blocked" | "failed" | "dead" | "invalid" | "revoked" | "locked" => Self::Red,
            _ => Self::Neutral,
        }
    }

    pub(super) fn class(self) -> &'static str {
        match self {
            Self::Neutral => "tone-neutral",
            Self::Blue => "tone-blue",
            Self::Green => "tone-green",
            Self::Teal => "tone-teal",
            Self::Amber => "tone-amber",
            Self::Orange => "tone-orange",
            Self::Red => "tone-red",
            Self::Pink => "tone-pink",
            Self::Violet => "tone-violet",
        }
    }
}

/// One of the eight avatar classes, the same for the same text.
pub(super) fn avatar_class(text: &str) -> &'static str {
    const CLASSES: [&str; 8] = [
        "avatar-0", "avatar-1", "avatar-2", "avatar-3", "avatar-4", "avatar-5", "avatar-6", "avatar-7",
    ];
    // The hasher without keys is the same in every process, which is what keeps a person's colour.
    let mut hasher = DefaultHasher::new();
    text.hash(&mut hasher);
    CLASSES[(hasher.finish() % 8) as usize]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_hex_codes_find_their_tone() {
        for tone in Tone::ALL {
            assert_eq!(Tone::from_name(tone.name()), tone);
        }
        assert_eq!(Tone::from_name("#2563eb"), Tone::Blue);
        assert_eq!(Tone::from_name("#888888"), Tone::Neutral);
        assert_eq!(Tone::from_name("#éé"), Tone::Neutral);
        assert_eq!(Tone::from_name("\"><script>"), Tone::Neutral);
    }
}
