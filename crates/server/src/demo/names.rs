//! Names and places of several countries, most frequent first, so that a skewed draw gives a believable shop.
//!
//! Made up for demonstrations; no row is a real person.

/// A country's names, cities and how its phones and postcodes look.
pub struct Place {
    /// ISO 3166 code.
    pub country: &'static str,
    /// BCP 47 language tag of its customers.
    pub locale: &'static str,
    /// IANA time zone.
    pub time_zone: &'static str,
    /// Share of the shop's customers, in percent.
    pub share: u32,
    pub first_names: &'static [&'static str],
    pub last_names: &'static [&'static str],
    /// City, province, first digits of its postcodes.
    pub cities: &'static [(&'static str, &'static str, &'static str)],
    /// Prefix of a mobile number and how many digits follow.
    pub phone: (&'static str, usize),
    /// Length of a numeric postcode, beyond the given first digits.
    pub postcode_digits: usize,
    pub streets: &'static [&'static str],
    /// Whether the number comes before the street.
    pub number_first: bool,
}

/// The places, the shop's home country first.
pub const PLACES: &[Place] = &[
    Place {
        country: "DE", locale: "de-DE", time_zone: "Europe/Berlin", share: 38,
        first_names: &["Anna", "Lukas", "Lena", "Jonas", "Mia", "Felix", "Laura", "Paul", "Sophie", "Maximilian", "Jürgen", "Ulrike", "Emre", "Ayşe", "Käthe", "Björn", "Fatima", "Hannah", "Tim", "Sabine", "Katharina", "Wolfgang", "Zoë", "Mehmet"],
        last_names: &["Müller", "Schmidt", "Schneider", "Fischer", "Weber", "Meyer", "Wagner", "Becker", "Schulz", "Hoffmann", "Koch", "Bauer", "Richter", "Klein", "Wolf", "Schröder", "Neumann", "Schwarz", "Zimmermann", "Krüger", "Yılmaz", "Großmann", "von Ahlefeldt", "Vogt"],
        cities: &[("Berlin", "BE", "10"), ("Hamburg", "HH", "20"), ("München", "BY", "80"), ("Köln", "NW", "50"), ("Leipzig", "SN", "04"), ("Frankfurt am Main", "HE", "60"), ("Freiburg", "BW", "79")],
        phone: ("+49151", 8), postcode_digits: 3, streets: &["Chausseestraße", "Hauptstraße", "Gartenweg", "Lindenallee", "Am Markt", "Schillerstraße"], number_first: false,
    },
    Place {
        country: "FR", locale: "fr-FR", time_zone: "Europe/Paris", share: 16,
        first_names: &["Camille", "Louis", "Chloé", "Jules", "Léa", "Hugo", "Manon", "Gabriel", "Inès", "Noël", "Aurélie", "Benoît", "Amélie", "Théo", "Zoé", "François"],
        last_names: &["Martin", "Bernard", "Dubois", "Thomas", "Robert", "Petit", "Durand", "Leroy", "Moreau", "Lefèvre", "Girard", "D’Aubigné", "Nguyen", "Béranger", "Côté"],
        cities: &[("Paris", "IDF", "75"), ("Lyon", "ARA", "69"), ("Marseille", "PAC", "13"), ("Bordeaux", "NAQ", "33"), ("Lille", "HDF", "59")],
        phone: ("+336", 8), postcode_digits: 3, streets: &["rue de l’Église", "avenue Victor Hugo", "boulevard Voltaire", "place du Marché", "rue des Lilas"], number_first: true,
    },
    Place {
        country: "GB", locale: "en-GB", time_zone: "Europe/London", share: 13,
        first_names: &["Olivia", "George", "Amelia", "Harry", "Isla", "Jack", "Ava", "Noah", "Priya", "Siobhán", "Allen", "Robert", "Emily", "Mohammed", "Gareth", "Fiona"],
        last_names: &["Smith", "Jones", "Taylor", "Brown", "Williams", "Wilson", "Johnson", "Davies", "Patel", "O’Brien", "Smithson", "Allen", "MacGregor", "Khan", "Fletcher"],
        cities: &[("London", "", "1"), ("Manchester", "", "2"), ("Edinburgh", "", "8"), ("Bristol", "", "4"), ("Cardiff", "", "5")],
        phone: ("+4477009", 5), postcode_digits: 4, streets: &["High Street", "Station Road", "Church Lane", "Victoria Road", "Mill Hill"], number_first: true,
    },
    Place {
        country: "PL", locale: "pl-PL", time_zone: "Europe/Warsaw", share: 9,
        first_names: &["Łukasz", "Marta", "Jakub", "Zuzanna", "Kacper", "Agnieszka", "Piotr", "Małgorzata", "Wojciech", "Żaneta"],
        last_names: &["Nowak", "Kowalska", "Wiśniewski", "Wójcik", "Kamiński", "Lewandowska", "Zieliński", "Żółć", "Dąbrowska"],
        cities: &[("Warszawa", "MZ", "00"), ("Kraków", "MA", "30"), ("Łódź", "LD", "90"), ("Gdańsk", "PM", "80")],
        phone: ("+48512", 6), postcode_digits: 3, streets: &["ulica Długa", "ulica Polna", "aleja Niepodległości", "ulica Ogrodowa"], number_first: false,
    },
    Place {
        country: "IT", locale: "it-IT", time_zone: "Europe/Rome", share: 8,
        first_names: &["Giulia", "Francesco", "Sofia", "Alessandro", "Chiara", "Niccolò", "Martina", "Lorenzo"],
        last_names: &["Rossi", "Russo", "Ferrari", "Esposito", "Bianchi", "D’Angelo", "Conti", "De Luca", "Nicolò"],
        cities: &[("Milano", "MI", "20"), ("Roma", "RM", "00"), ("Napoli", "NA", "80"), ("Torino", "TO", "10")],
        phone: ("+39333", 7), postcode_digits: 3, streets: &["Via Roma", "Via Garibaldi", "Corso Italia", "Viale Europa"], number_first: false,
    },
    Place {
        country: "ES", locale: "es-ES", time_zone: "Europe/Madrid", share: 6,
        first_names: &["Lucía", "José", "María", "Íñigo", "Carmen", "Álvaro", "Núria", "Andrés"],
        last_names: &["García", "Fernández", "González", "Rodríguez", "López", "Muñoz", "García Márquez", "Ibáñez"],
        cities: &[("Madrid", "MD", "28"), ("Barcelona", "CT", "08"), ("Sevilla", "AN", "41"), ("A Coruña", "GA", "15")],
        phone: ("+34612", 6), postcode_digits: 3, streets: &["Calle Mayor", "Avenida de la Constitución", "Calle del Sol", "Plaza Nueva"], number_first: false,
    },
    Place {
        country: "SE", locale: "sv-SE", time_zone: "Europe/Stockholm", share: 5,
        first_names: &["Astrid", "Nils", "Søren", "Åsa", "Gustav", "Märta", "Elin"],
        last_names: &["Andersson", "Johansson", "Lindqvist", "Åkesson", "Møller", "Öberg"],
        cities: &[("Stockholm", "AB", "11"), ("Göteborg", "O", "41"), ("Malmö", "M", "21")],
        phone: ("+4670174", 4), postcode_digits: 3, streets: &["Storgatan", "Drottninggatan", "Kungsgatan"], number_first: false,
    },
    Place {
        country: "US", locale: "en-US", time_zone: "America/New_York", share: 4,
        first_names: &["Emma", "Liam", "Mei", "Tyrone", "Guadalupe", "Ethan", "Kenji", "Shaniqua"],
        last_names: &["Johnson", "Garcia", "Miller", "Nguyen", "Tanaka", "Washington", "O’Connor", "Null"],
        cities: &[("Austin", "TX", "78"), ("Brooklyn", "NY", "11"), ("Portland", "OR", "97")],
        phone: ("+1212555", 4), postcode_digits: 3, streets: &["Main Street", "Oak Avenue", "2nd Street", "Maple Drive"], number_first: true,
    },
    Place {
        country: "JP", locale: "ja-JP", time_zone: "Asia/Tokyo", share: 1,
        first_names: &["陽菜", "健二", "美咲", "大輔"],
        last_names: &["佐藤", "鈴木", "田中", "伊藤"],
        cities: &[("東京", "13", "10"), ("大阪", "27", "53")],
        phone: ("+819012", 6), postcode_digits: 5, streets: &["中央通り", "桜町"], number_first: false,
    },
];

/// First words of company names.
pub const COMPANY_FIRST: &[&str] = &["Nord", "Alpin", "Linden", "Hafen", "Maison", "Atelier", "Blue", "Casa", "Studio", "Grün", "Old Mill", "Polar", "Mistral", "Aurora"];
/// Second words of company names.
pub const COMPANY_SECOND: &[&str] = &["Handel", "Textil", "Interiors", "Coffee", "Outdoor", "Bikes", "Living", "Papier", "Ceramics", "Wine", "Toys", "Apotheke"];
/// Legal forms by country.
pub const LEGAL_FORMS: &[(&str, &str)] = &[("DE", "GmbH"), ("FR", "SARL"), ("GB", "Ltd"), ("PL", "sp. z o.o."), ("IT", "S.r.l."), ("ES", "S.L."), ("SE", "AB"), ("US", "LLC"), ("JP", "株式会社")];
/// Industries.
pub const INDUSTRIES: &[&str] = &["Retail", "Hospitality", "Design", "Food and drink", "Sports", "Health"];
/// Tags, most used first: the draw is skewed like a real shop's.
pub const TAGS: &[&str] = &["newsletter", "berlin", "returning", "b2b", "wholesale", "sale-only", "instagram", "vip-event", "press", "allergy-nuts", "gift-buyer", "friend-of-shop"];
/// What staff write about people.
pub const NOTES: &[&str] = &[
    "Prefers afternoon deliveries, rings twice.",
    "Asked about the blue one in size 38; tell her when it is back.",
    "Very happy with the repair. Would be a good reference.",
    "Invoice always goes to the office, goods to the workshop.",
    "Complained about the parcel of last week. Sent a replacement, apologised by phone.",
    "Buys presents in November, every year.",
    "Wants to be called, not written to.",
];
