//! The parts of an address, and an address in one cell.

use super::{In, MAX_LINE, Work, country};
use crate::{AddressField, MappedAddress, value};

pub(super) fn take_address(work: &mut Work, header: &str, field: AddressField, text: &str) {
    let Work { row, faults, .. } = work;
    let address = &mut row.address;
    let mut cell = In { header, text, faults };
    match field {
        AddressField::Name => cell.line(&mut address.name),
        AddressField::Company => cell.line(&mut address.company),
        AddressField::Line1 => cell.joined(&mut address.line1, " ", MAX_LINE),
        AddressField::Line2 => cell.joined(&mut address.line2, " ", MAX_LINE),
        AddressField::City => cell.line(&mut address.city),
        AddressField::Province => cell.line(&mut address.province),
        AddressField::PostalCode => {
            // No postal code begins with an apostrophe; Shopify and careful people put one before it.
            cell.text = text.strip_prefix('\'').unwrap_or(text);
            cell.line(&mut address.postal_code);
        }
        AddressField::Country => cell.parse(&mut address.country, "country_invalid", country),
        AddressField::Phone => cell.later(&mut address.phone, &mut work.address_phone),
        AddressField::Latitude => cell.parse(&mut address.latitude, "degrees_invalid", |text| {
            value::degrees(text, 90.0)
        }),
        AddressField::Longitude => cell.parse(&mut address.longitude, "degrees_invalid", |text| {
            value::degrees(text, 180.0)
        }),
        AddressField::Combined => combined_address(address, cell),
    }
}

/// `7 Main St  Atlanta  GA  30303  US`, with a second line after the first if there are six parts. With any other number
/// of parts nothing is certain, and the whole text is the first line.
fn combined_address(address: &mut MappedAddress, mut cell: In<'_>) {
    let parts: Vec<&str> = cell.text.split("  ").map(str::trim).collect();
    let (line1, line2, rest) = match parts[..] {
        [line1, city, province, postal_code, country] => {
            (line1, "", Some([city, province, postal_code, country]))
        }
        [line1, line2, city, province, postal_code, country] => {
            (line1, line2, Some([city, province, postal_code, country]))
        }
        _ => (cell.text, "", None),
    };
    cell.text = line1;
    cell.line(&mut address.line1);
    let Some([city, province, postal_code, country_text]) = rest else {
        return;
    };
    let cells = [
        (line2, &mut address.line2),
        (city, &mut address.city),
        (province, &mut address.province),
        (postal_code, &mut address.postal_code),
    ];
    for (text, field) in cells {
        cell.text = text;
        if !text.is_empty() {
            cell.line(field);
        }
    }
    cell.text = country_text;
    if !country_text.is_empty() {
        cell.parse(&mut address.country, "country_invalid", country);
    }
}
