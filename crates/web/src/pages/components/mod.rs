//! Parts that pages are made of, as typed functions over basecoat's classes and our own style sheet.
//!
//! Everything given to them as text is escaped. They hold no state and know no route.

mod attributes;
mod buttons;
mod charts;
mod data;
mod feedback;
mod fields;
mod lists;
mod overlays;
mod tables;
mod tone;

pub use attributes::Attributes;
pub use buttons::{Button, Kind, button, copy_button, icon_button, icon_link, link_button};
pub use charts::{Bar, Part, column_chart, distribution};
pub use data::{
    TimelineItem, avatar, badge, card, external_link, facts, initials, kbd, meter, metric_bar, person, stat,
    stats, status_badge, tag, tag_list, timeline, trend,
};
pub use feedback::{
    Flash, FlashKind, empty_state, error_state, notice, progress_bar, skeleton_lines, toast_header,
};
pub use fields::{
    Choice, Field, checkbox_field, date_field, email_field, file_drop, form_errors, number_field,
    password_field, select_field, tel_field, text_field, textarea_field, url_field,
};
pub use lists::{Page, Tab, bulk_bar, filter_chip, page_header, pagination, search_box, tabs, view_tabs};
pub use overlays::{
    confirm_attributes, menu, menu_divider, menu_item, menu_link, palette_group, palette_item, sheet,
    sheet_footer,
};
pub use tables::{
    Align, Direction, SortLink, column, data_table, heading, menu_column, people_table, row_checkbox,
    select_all, sized_table, skeleton_rows, sort_column, sort_column_also, table_empty, table_error,
};
pub use tone::Tone;
