//! What the shop of a demonstration sells, most wanted first.

/// A thing with its variants.
pub struct Good {
    pub title: &'static str,
    pub brand: &'static str,
    pub category: &'static str,
    /// What one costs, in cents.
    pub price: i64,
    pub variants: &'static [&'static str],
}

const fn good(
    title: &'static str,
    brand: &'static str,
    category: &'static str,
    price: i64,
    variants: &'static [&'static str],
) -> Good {
    Good {
        title,
        brand,
        category,
        price,
        variants,
    }
}

const METALS: &[&str] = &["Brass", "Black", "White"];
const WOODS: &[&str] = &["Oak", "Walnut"];
const COLOURS: &[&str] = &["Sand", "Sage", "Ink", "Rust"];
const SIZES: &[&str] = &["Small", "Large"];
const ONE: &[&str] = &[""];

/// The shelves.
pub const GOODS: &[Good] = &[
    good(
        "Beeswax candles, set of 4",
        "Maison Lumière",
        "Candles",
        2_400,
        ONE,
    ),
    good("Linen cushion cover", "Fjell", "Textiles", 3_900, COLOURS),
    good("Warm white bulb E27", "Glow", "Lighting", 890, ONE),
    good(
        "Scented candle",
        "Maison Lumière",
        "Candles",
        3_200,
        &["Fig", "Cedar", "Neroli"],
    ),
    good("Reading lamp", "Atelier Nord", "Lighting", 18_900, METALS),
    good("Stoneware mug", "Tonwerk", "Ceramics", 2_200, COLOURS),
    good("Wool blanket", "Fjell", "Textiles", 12_900, COLOURS),
    good("Table lamp", "Atelier Nord", "Lighting", 14_900, METALS),
    good("Stoneware bowl", "Tonwerk", "Ceramics", 2_900, SIZES),
    good("Gift card", "Maison Lumière", "Gift cards", 5_000, ONE),
    good("Pendant lamp", "Atelier Nord", "Lighting", 22_900, METALS),
    good("Oak stool", "Holzmann", "Furniture", 9_900, WOODS),
    good("Linen tablecloth", "Fjell", "Textiles", 8_900, COLOURS),
    good("Vase", "Tonwerk", "Ceramics", 6_400, SIZES),
    good("Dimmer switch", "Glow", "Lighting", 3_450, ONE),
    good("Carafe", "Verre & Fils", "Glass", 4_900, ONE),
    good("Wine glasses, set of 6", "Verre & Fils", "Glass", 7_200, ONE),
    good("Cotton throw", "Fjell", "Textiles", 6_900, COLOURS),
    good("Wall shelf", "Holzmann", "Furniture", 7_900, WOODS),
    good("Side table", "Holzmann", "Furniture", 24_900, WOODS),
    good("Floor lamp", "Atelier Nord", "Lighting", 34_900, METALS),
    good("Serving platter", "Tonwerk", "Ceramics", 5_600, SIZES),
    good("Candlestick", "Verre & Fils", "Glass", 2_800, SIZES),
    good("Lounge chair", "Holzmann", "Furniture", 69_000, WOODS),
    good("Lantern", "Maison Lumière", "Lighting", 5_900, SIZES),
    good("Bed linen", "Fjell", "Textiles", 15_900, COLOURS),
    good("Dining table", "Holzmann", "Furniture", 149_000, WOODS),
];
