//! What a topic asks for.
//!
//! Topics of events are `event:` and the metric's name, with `klaviyo.` before those that are Klaviyo's own. There is no fixed
//! list: an account's metrics are its topics. Its documents write some in two ways (`received_email`, `email_delivered`).

use regulars_activities::model::Kind;
use regulars_customers::model::{Channel, ConsentState};

/// What is done about a topic.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Action {
    /// Something that somebody did.
    Event(Meaning),
    /// A profile is there or has changed.
    PutProfile,
    /// A profile is gone.
    DeleteProfile,
    /// Profiles became one.
    MergeProfiles,
}

/// What an event means here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Meaning {
    /// The kind of activity.
    pub kind: Kind,
    /// What a custom one is called.
    pub name: Option<String>,
    /// What was agreed by it.
    pub consent: Option<(Channel, ConsentState)>,
    /// Whether a list or segment was joined or left by it.
    pub membership: Option<bool>,
}

/// What this topic asks for; none if nothing here answers to it.
pub fn action(topic: &str) -> Option<Action> {
    let topic = topic.trim().to_lowercase();
    let (area, rest) = topic.split_once([':', '.', '/'])?;
    match (area.trim(), rest.trim()) {
        ("event", name) => Some(Action::Event(meaning(name)?)),
        ("profile", "created" | "updated") => Some(Action::PutProfile),
        ("profile", "deleted") => Some(Action::DeleteProfile),
        ("profile" | "profile-merge", "merged" | "created.merge") => Some(Action::MergeProfiles),
        _ => None,
    }
}

fn meaning(name: &str) -> Option<Meaning> {
    use Channel::{Email, Sms};
    use ConsentState::{Subscribed, Unsubscribed};

    let name = slug(name);
    if name.is_empty() {
        return None;
    }
    let own = name.strip_prefix("klaviyo.").unwrap_or(&name);
    let of = |kind| Meaning {
        kind,
        name: None,
        consent: None,
        membership: None,
    };
    let custom = |name: &str| Meaning {
        kind: Kind::Custom,
        name: Some(name.to_owned()),
        consent: None,
        membership: None,
    };
    let agreed = |meaning: Meaning, channel, state| Meaning {
        consent: Some((channel, state)),
        ..meaning
    };
    let member = |meaning: Meaning, is_joined| Meaning {
        membership: Some(is_joined),
        ..meaning
    };
    Some(match own {
        "sent_email" | "email_sent" => of(Kind::EmailSent),
        "received_email" | "email_delivered" | "email_received" => of(Kind::EmailDelivered),
        "opened_email" | "email_opened" => of(Kind::EmailOpened),
        "clicked_email" | "email_clicked" => of(Kind::EmailClicked),
        "bounced_email" | "email_bounced" => of(Kind::EmailBounced),
        "dropped_email" | "email_dropped" => custom("email.dropped"),
        // Who calls it spam wants no more of it, whatever they agreed to before.
        "marked_email_as_spam" | "email_marked_as_spam" => {
            agreed(custom("email.marked_as_spam"), Email, Unsubscribed)
        }
        "unsubscribed_from_email_marketing" | "unsubscribed_from_email" | "email_unsubscribed" => {
            agreed(of(Kind::EmailUnsubscribed), Email, Unsubscribed)
        }
        "subscribed_to_email_marketing" | "subscribed_to_email" | "email_subscribed" => {
            agreed(custom("email.subscribed"), Email, Subscribed)
        }
        "sent_sms" | "sms_sent" => custom("sms.sent"),
        "received_sms" | "sms_received" | "sms_delivered" => custom("sms.received"),
        "clicked_sms" | "sms_clicked" => custom("sms.clicked"),
        "failed_to_deliver_sms" | "sms_failed" => custom("sms.failed"),
        "subscribed_to_sms_marketing" | "consented_to_receive_sms" | "sms_subscribed" => {
            agreed(custom("sms.subscribed"), Sms, Subscribed)
        }
        "unsubscribed_from_sms_marketing" | "unsubscribed_from_sms" | "sms_unsubscribed" => {
            agreed(custom("sms.unsubscribed"), Sms, Unsubscribed)
        }
        "subscribed_to_list" | "added_to_list" => member(custom("list.joined"), true),
        "unsubscribed_from_list" | "removed_from_list" => member(custom("list.left"), false),
        "added_to_segment" | "entered_segment" => member(custom("segment.joined"), true),
        "removed_from_segment" | "left_segment" => member(custom("segment.left"), false),
        other => custom(&format!("klaviyo.{other}").chars().take(100).collect::<String>()),
    })
}

/// A metric's name as an activity may be called: what is no letter, digit or point becomes `_`.
fn slug(name: &str) -> String {
    let mut slug = String::new();
    for c in name.trim().chars().take(100) {
        let c = match c {
            'a'..='z' | '0'..='9' | '.' => c,
            _ => '_',
        };
        if !(c == '_' && slug.ends_with('_')) {
            slug.push(c);
        }
    }
    slug.trim_matches(['_', '.']).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_topic_means_the_same_however_it_is_written() {
        let delivered = action("event:klaviyo.received_email");
        assert!(delivered.is_some());
        for same in [
            "event: email_delivered",
            "event:klaviyo.email_delivered",
            "EVENT:Received Email",
        ] {
            assert_eq!(action(same), delivered, "{same}");
        }
        let Some(Action::Event(custom)) = action("event:api.Placed Order – now!") else {
            panic!("every metric is told")
        };
        assert_eq!(custom.name.as_deref(), Some("klaviyo.api.placed_order_now"));
        assert_eq!(action("profile.updated"), Some(Action::PutProfile));
        for none in [
            "",
            "event:",
            "event:–",
            "campaign.sent",
            "profile",
            "profile.loved",
            "list.member.added",
        ] {
            assert_eq!(action(none), None, "{none}");
        }
    }
}
