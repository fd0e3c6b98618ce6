//! What says who a customer is. A record without any of it could not be found or recognised again, so none is made, by hand
//! or from a file, and none is emptied to that; one that is there already may stay.

use regulars_kernel::{Fault, Patch};

use super::{Customer, CustomerInput, import::Wanted};

impl Customer {
    /// Whether a name, company, e-mail address or phone says who it is. So may a code that somebody gave, or an id elsewhere.
    pub fn tells_who(&self) -> bool {
        let names = [
            &self.first_name,
            &self.last_name,
            &self.company_name,
            &self.legal_name,
        ];
        self.email.is_some() || self.phone.is_some() || names.iter().any(|name| name.is_some())
    }

    /// Whether its code was given by somebody and not counted up by us.
    pub fn has_code_of_its_own(&self) -> bool {
        let digits = self.code.strip_prefix("C-").unwrap_or_default();
        let is_counted = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
        !self.code.is_empty() && !is_counted
    }
}

impl CustomerInput {
    /// Whether it says who the customer is, be it not well.
    pub fn says_who(&self) -> bool {
        [
            &self.code,
            &self.email,
            &self.phone,
            &self.first_name,
            &self.last_name,
            &self.company_name,
            &self.legal_name,
        ]
        .iter()
        .any(|field| matches!(field, Patch::Set(text) if !text.trim().is_empty()))
    }
}

impl Wanted {
    /// Whether the row says who it is about.
    pub fn tells_who(&self) -> bool {
        let names = [
            &self.first_name,
            &self.last_name,
            &self.company_name,
            &self.legal_name,
        ];
        matches!(self.email, Patch::Set(_))
            || matches!(self.phone, Patch::Set(_))
            || names.iter().any(|name| matches!(name, Patch::Set(_)))
            || self.code.is_some()
            || !self.sources.is_empty()
    }
}

/// Of a record that would be nobody's.
pub fn nobody() -> Fault {
    Fault {
        pointer: String::new(),
        code: "nobody".into(),
        message: "say who it is: a customer needs a name, a company, an e-mail address, a phone, a code or an id elsewhere"
            .to_owned(),
    }
}
