//! Where the goods of a demonstration lie: most in a warehouse, a few in the shop.

use regulars_commerce::{
    model::{ProductInput, StockLevelInput},
    ops,
};
use regulars_database::Tx;
use regulars_kernel::{Currency, Patch, Result};

/// Of so many, one lies in the shop.
const IN_SHOP: i32 = 5;

/// Tells of the stock of these products by location, which together is what each says.
pub(super) async fn tell(tx: &mut Tx, products: &[ProductInput], base: Currency) -> Result<()> {
    let mut levels = Vec::new();
    for product in products {
        let Patch::Set(variants) = &product.variants else {
            continue;
        };
        for variant in variants {
            let (Some(item), Some(stock)) = (&variant.inventory_item_id, variant.stock) else {
                continue;
            };
            let here = stock / IN_SHOP;
            for (id, name, available) in [("warehouse", "Warehouse", stock - here), ("shop", "Shop", here)] {
                levels.push(StockLevelInput {
                    source: product.source.clone(),
                    inventory_item_id: item.clone(),
                    location_external_id: id.to_owned(),
                    location_name: Some(name.to_owned()),
                    available: Some(available),
                    ..StockLevelInput::default()
                });
            }
        }
    }
    ops::stock::tell(tx, &levels, base).await
}
