//! What columns are commonly called, in the languages our users' files come in.
//!
//! Words are folded (see `name::words`): lower case, no accents, single spaces.
//!
//! What it never does: know a vendor; those are in `vendor`.

use std::{collections::HashMap, sync::LazyLock};

use super::Target;

/// Field and the words for it, separated by comma and space.
const SYNONYMS: &[(&str, &str)] = &[
    (
        "external_id",
        "id, customer id, external id, client id, contact id, member id, user id, record id, rec id, \
         customer number, customer no, account number, kundennummer, kunden nr, kundennr, kunden id, \
         numero client, numero de client, id client, id cliente, numero de cliente, codice cliente, \
         klantnummer",
    ),
    ("code", "code, customer code, short code"),
    ("kind", "kind, customer kind, person or company"),
    (
        "email",
        "email, e mail, mail, email address, emailaddress, e mail address, email adresse, e mail adresse, \
         emailadresse, mailadresse, courriel, adresse email, adresse e mail, adresse mail, correo, \
         correo electronico, email addresse, indirizzo email, posta elettronica, e mailadres, emailadres, \
         epost, e post",
    ),
    (
        "phone",
        "phone, phone number, phonenumber, telephone, telephone number, tel, tel no, mobile, mobile phone, \
         mobile number, cell, cell phone, cellphone, contact number, telefon, telefonnummer, mobil, \
         mobilnummer, handy, handynummer, numero de telephone, portable, telefono, telefono movil, movil, \
         celular, cellulare, telefoon, telefoonnummer, telefone, telemovel",
    ),
    (
        "email_verified",
        "email verified, e mail verified, verified email, verified e mail, is email verified, email is verified, \
         email confirmed, email verifiziert, e mail verifiziert, e mail bestatigt, email verifie, correo verificado",
    ),
    (
        "phone_verified",
        "phone verified, verified phone, phone number verified, verified phone number, is phone verified, \
         phone is verified, phone confirmed, mobile verified, telefon verifiziert, telefon bestatigt, telephone verifie, \
         telefono verificado",
    ),
    (
        "first_name",
        "first name, firstname, first, given name, givenname, forename, fname, christian name, vorname, \
         prenom, nombre, nombre de pila, nome, primeiro nome, voornaam, fornavn, fornamn, imie",
    ),
    (
        "last_name",
        "last name, lastname, last, surname, family name, familyname, lname, nachname, familienname, \
         zuname, nom, nom de famille, apellido, apellidos, cognome, sobrenome, apelido, achternaam, \
         etternavn, efternamn, efternavn, nazwisko",
    ),
    (
        "full_name",
        "name, full name, fullname, customer name, contact name, client name, kunde, kundenname, \
         vollstandiger name, vor und nachname, nom complet, nombre completo, nome completo, naam, \
         volledige naam",
    ),
    (
        "company_name",
        "company, company name, organization, organisation, organization name, organisation name, \
         business, business name, firma, firmenname, unternehmen, societe, entreprise, raison sociale, \
         empresa, azienda, bedrijf, bedrijfsnaam",
    ),
    ("legal_name", "legal name, registered name, legal company name"),
    ("industry", "industry, branche, sector, secteur, settore"),
    (
        "tax_id",
        "tax id, tax number, vat, vat id, vat number, vat no, ust id, ust idnr, ustid, umsatzsteuer id, \
         steuernummer, numero de tva, tva, nif, cif, partita iva, btw nummer",
    ),
    (
        "birthday",
        "birthday, birthdate, birth date, date of birth, dob, born, geburtstag, geburtsdatum, \
         date de naissance, naissance, fecha de nacimiento, data di nascita, data de nascimento, \
         geboortedatum",
    ),
    ("status", "status, customer status"),
    ("type", "type, customer type"),
    ("lifecycle_stage", "lifecycle stage, lifecycle"),
    ("priority", "priority, prioritat, priorite"),
    ("service_level", "service level"),
    ("credit_limit", "credit limit, kreditlimit, kreditrahmen"),
    (
        "locale",
        "locale, language, lang, preferred language, sprache, langue, idioma, lingua, taal",
    ),
    (
        "time_zone",
        "time zone, timezone, tz, zeitzone, fuseau horaire, zona horaria",
    ),
    (
        "tags",
        "tags, tag, labels, label, keywords, schlagworte, schlagworter, etiquettes, etiquetas, etichette",
    ),
    (
        "note",
        "note, notes, comment, comments, remark, remarks, notiz, notizen, bemerkung, bemerkungen, \
         kommentar, remarque, remarques, commentaire, notas, observaciones, opmerking, opmerkingen",
    ),
    (
        "internal_note",
        "internal note, internal notes, staff note, private note, interne notiz",
    ),
    (
        "created_at",
        "created at, created, created on, creation date, create date, date created, customer since, \
         signup date, sign up date, registered at, registration date, joined, erstellt am, angelegt am, \
         kunde seit, date de creation, fecha de creacion",
    ),
    (
        "last_active_at",
        "last active at, last active, last activity, last activity at, last activity date, last seen, last seen at, \
         letzte aktivitat, zuletzt aktiv, derniere activite, ultima actividad",
    ),
    (
        "address.name",
        "recipient, recipient name, address name, empfanger",
    ),
    ("address.company", "address company"),
    (
        "address.line1",
        "address, address 1, address line 1, addressline 1, line 1, street, street address, street 1, \
         street name, strasse, str, strasse und hausnummer, strasse hausnummer, anschrift, adresse, \
         adresse 1, rue, direccion, calle, indirizzo, via, endereco, rua, straat, adres",
    ),
    (
        "address.line2",
        "address 2, address line 2, addressline 2, line 2, street 2, apartment, apt, suite, unit, \
         adresszusatz, zusatz, adresse 2, complement, complement d adresse, complemento",
    ),
    (
        "address.city",
        "city, town, suburb, locality, ort, stadt, wohnort, ville, ciudad, citta, cidade, stad, plaats, \
         woonplaats",
    ),
    (
        "address.province",
        "province, province code, state, state code, state region, state province, region, county, \
         bundesland, departement, provincia, estado, regione, provincie",
    ),
    (
        "address.postal_code",
        "postal code, postalcode, postcode, post code, zip, zip code, zipcode, zip postal code, plz, \
         postleitzahl, code postal, codigo postal, cap, cep",
    ),
    (
        "address.country",
        "country, country code, country region, land, landercode, pays, pais, paese",
    ),
    ("address.phone", "address phone"),
    ("address.latitude", "latitude, lat, breitengrad"),
    ("address.longitude", "longitude, lng, lon, long, langengrad"),
    (
        "consent.email",
        "accepts marketing, accepts email marketing, email consent, email marketing consent, email opt in, \
         marketing consent, marketing opt in, newsletter, subscribed, opt in, consent email",
    ),
    (
        "consent.sms",
        "accepts sms marketing, sms consent, sms marketing consent, sms opt in, consent sms",
    ),
    ("ignore", "regulars error"),
];

/// Columns that hold the number of the house beside a column for the street: both fill the first line.
pub const HOUSE_NUMBERS: &[&str] = &[
    "house number",
    "house no",
    "street number",
    "street no",
    "hausnummer",
    "hausnr",
    "haus nr",
    "nr",
    "numero",
    "huisnummer",
];

/// Words before an address part that say which address is meant.
const ADDRESS_PREFIXES: &[&str] = &[
    "default address",
    "billing",
    "shipping",
    "mailing",
    "postal",
    "delivery",
    "home",
    "primary",
    "address",
    "adresse",
];

/// Headers that only files from where days come first have.
pub const DAY_FIRST: &[&str] = &[
    "vorname",
    "nachname",
    "telefon",
    "plz",
    "ort",
    "strasse",
    "geburtsdatum",
    "geburtstag",
    "prenom",
    "nom",
    "code postal",
    "ville",
    "date de naissance",
    "courriel",
    "nombre",
    "apellidos",
    "apellido",
    "correo",
    "fecha de nacimiento",
    "cognome",
    "citta",
    "data di nascita",
    "voornaam",
    "achternaam",
    "geboortedatum",
    "sobrenome",
    "suburb",
];

static LOOKUP: LazyLock<HashMap<&'static str, Target>> = LazyLock::new(|| {
    let mut lookup = HashMap::new();
    for (name, words) in SYNONYMS {
        let Ok(target) = name.parse::<Target>() else {
            continue;
        };
        for word in words.split(", ") {
            lookup.entry(word).or_insert_with(|| target.clone());
        }
    }
    lookup
});

/// What a column with these words usually is.
pub fn lookup(words: &str) -> Option<Target> {
    LOOKUP.get(words).cloned()
}

/// What an address column is, once the words before it that name the address are dropped: `billing city`.
pub fn lookup_address(words: &str) -> Option<Target> {
    let rest = ADDRESS_PREFIXES
        .iter()
        .find_map(|prefix| words.strip_prefix(prefix)?.strip_prefix(' '))?;
    let rest = rest
        .strip_prefix("address ")
        .filter(|rest| !rest.starts_with(|c: char| c.is_ascii_digit()))
        .unwrap_or(rest);
    match lookup(rest)? {
        target @ Target::Address(_) => Some(target),
        Target::Phone => Some(Target::Address(super::AddressField::Phone)),
        Target::CompanyName => Some(Target::Address(super::AddressField::Company)),
        Target::FullName => Some(Target::Address(super::AddressField::Name)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_synonym_is_folded_and_leads_to_a_target() {
        for (name, words) in SYNONYMS {
            assert!(name.parse::<Target>().is_ok(), "{name}");
            for word in words.split(", ") {
                assert_eq!(crate::name::words(word, true), word);
            }
        }
    }
}
