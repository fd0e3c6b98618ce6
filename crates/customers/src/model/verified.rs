//! Whether a customer was shown to receive what is sent to their address or phone, and when that is no longer known.
//!
//! What it never does: let an address or phone that nobody has seen pass for one that was.

use regulars_kernel::{Email, Faults, Patch, Phone};
use serde_json::{Map, Value, json};

use super::{Customer, CustomerInput, import::Wanted};

/// Each address with what tells of it, by the names of their fields.
pub const VERIFIED: [(&str, &str); 2] = [("email", "email_verified"), ("phone", "phone_verified")];

/// Where a customer was reached before a change.
pub(super) struct Reached {
    email: Option<String>,
    phone: Option<Phone>,
}

impl Reached {
    pub(super) fn of(customer: &Customer) -> Self {
        Self {
            email: customer.email.as_ref().map(Email::lowercase),
            phone: customer.phone.clone(),
        }
    }

    /// Whether e-mail address and phone are still the same; one that is spelled in another way is.
    fn is_same(&self, customer: &Customer) -> [bool; 2] {
        [
            self.email == customer.email.as_ref().map(Email::lowercase),
            self.phone == customer.phone,
        ]
    }
}

impl CustomerInput {
    /// Takes over what is said of the e-mail address and the phone, which are as they will be.
    pub(super) fn apply_verified(&self, to: &mut Customer, before: &Reached, faults: &mut Faults) {
        let [same_email, same_phone] = before.is_same(to);
        let (email, phone) = (to.email.is_some(), to.phone.is_some());
        // One that could not be read is told already.
        let is_told = |faults: &Faults, place: &str| faults.0.iter().any(|fault| fault.pointer == place);
        if !said(&mut to.email_verified, self.email_verified, same_email, email) && !is_told(faults, "/email")
        {
            let message = "there is no e-mail address that could be verified";
            faults.add("/email_verified", "email_missing", message);
        }
        if !said(&mut to.phone_verified, self.phone_verified, same_phone, phone) && !is_told(faults, "/phone")
        {
            let message = "there is no phone that could be verified";
            faults.add("/phone_verified", "phone_missing", message);
        }
    }

    /// The same without what is said of an address or phone, which depends on whether there is one.
    #[must_use]
    pub(crate) fn without_verified(&self) -> Self {
        Self {
            email_verified: Patch::Keep,
            phone_verified: Patch::Keep,
            ..self.clone()
        }
    }
}

/// Takes over what is said of an address or phone. Answers whether it could be said: a yes needs one.
fn said(flag: &mut bool, said: Patch<bool>, is_same: bool, is_there: bool) -> bool {
    *flag = match said {
        Patch::Keep => *flag && is_same,
        Patch::Clear => false,
        Patch::Set(yes) => yes && is_there,
    };
    is_there || said != Patch::Set(true)
}

/// Takes over what a file says; a yes without an address or phone says nothing.
pub(super) fn merge(
    customer: &mut Customer,
    before: &Reached,
    wanted: &Wanted,
    changes: &mut Map<String, Value>,
) {
    let [same_email, same_phone] = before.is_same(customer);
    let was = [customer.email_verified, customer.phone_verified];
    let (email, phone) = (customer.email.is_some(), customer.phone.is_some());
    said(
        &mut customer.email_verified,
        wanted.email_verified,
        same_email,
        email,
    );
    said(
        &mut customer.phone_verified,
        wanted.phone_verified,
        same_phone,
        phone,
    );
    let now = [customer.email_verified, customer.phone_verified];
    for ((_, name), (from, to)) in VERIFIED.into_iter().zip(was.into_iter().zip(now)) {
        if from != to {
            changes.insert(name.to_owned(), json!({"from": from, "to": to}));
        }
    }
}

#[cfg(test)]
mod tests {
    use regulars_kernel::{clock, ids::CustomerId};

    use super::{super::import::Current, *};

    fn email(text: &str) -> Patch<Email> {
        Patch::Set(Email::parse(text).unwrap())
    }

    fn ada() -> Current {
        let mut current = Current::blank(CustomerId::new(), clock::now());
        let wanted = Wanted {
            email: email("ada@example.com"),
            email_verified: Patch::Set(true),
            ..Wanted::default()
        };
        assert_eq!(
            current.merge(&wanted).fields["email_verified"],
            json!({"from": false, "to": true})
        );
        assert!(current.merge(&wanted).is_empty(), "the same file again");
        current
    }

    #[test]
    fn a_file_that_says_nothing_keeps_what_is_known_of_the_same_address() {
        for (address, is_kept) in [
            (Patch::Keep, true),
            (email("ADA@EXAMPLE.com"), true),
            (email("byron@example.com"), false),
            (Patch::Clear, false),
        ] {
            let mut current = ada();
            let wanted = Wanted {
                email: address.clone(),
                ..Wanted::default()
            };
            let changes = current.merge(&wanted);
            assert_eq!(current.customer.email_verified, is_kept, "{address:?}");
            assert_eq!(
                changes.fields.contains_key("email_verified"),
                !is_kept,
                "{address:?}"
            );
        }
    }

    #[test]
    fn a_file_says_it_of_the_address_that_it_brings_and_takes_it_back() {
        let says = |address, said| Wanted {
            email: address,
            email_verified: said,
            ..Wanted::default()
        };
        for (wanted, is_verified) in [
            (says(email("byron@example.com"), Patch::Set(true)), true),
            (says(Patch::Keep, Patch::Set(false)), false),
            (says(Patch::Keep, Patch::Clear), false),
            // There is nothing left that it could be said of.
            (says(Patch::Clear, Patch::Set(true)), false),
        ] {
            let mut current = ada();
            current.merge(&wanted);
            assert_eq!(current.customer.email_verified, is_verified);
        }
        let mut nobody = Current::blank(CustomerId::new(), clock::now());
        let wanted = Wanted {
            phone_verified: Patch::Set(true),
            ..Wanted::default()
        };
        assert!(nobody.merge(&wanted).is_empty());
    }
}
