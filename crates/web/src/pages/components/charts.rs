//! Charts as SVG: axes with units, each value told on hover and to whoever does not see it, a table behind them.

use maud::{Markup, html};

use crate::pages::{Locale, format};

/// A column of a chart.
#[derive(Clone, Debug)]
pub struct Bar {
    /// Below the column, short.
    pub label: String,
    /// What it is, in full.
    pub name: String,
    /// How much.
    pub value: i64,
    /// Where what it counts can be seen.
    pub href: String,
}

/// Size of the drawing, which is scaled to the width there is.
const WIDTH: f64 = 640.0;
const HEIGHT: f64 = 208.0;
/// Room for the numbers of the axis, above and below the columns.
const LEFT: f64 = 44.0;
const TOP: f64 = 10.0;
const BOTTOM: f64 = 24.0;

/// Columns over an axis from zero. `unit` is what is counted, in the plural.
pub fn column_chart(unit: &str, bars: &[Bar], locale: Locale) -> Markup {
    let ticks = ticks(bars.iter().map(|bar| bar.value).max().unwrap_or_default());
    let top = ticks.last().copied().unwrap_or(1).max(1) as f64;
    let y = |value: i64| TOP + (HEIGHT - TOP - BOTTOM) * (1.0 - value as f64 / top);
    let step = (WIDTH - LEFT) / bars.len().max(1) as f64;
    let width = (step * 0.62).min(36.0);
    let number = |value: i64| format::integer(value, locale);
    html! {
        figure class="columns-chart" {
            svg viewBox={ "0 0 " (WIDTH) " " (HEIGHT) } role="group" aria-label={ (unit) " by month" } {
                @for tick in &ticks {
                    line class="chart-grid" x1=(LEFT) x2=(WIDTH) y1=(round(y(*tick))) y2=(round(y(*tick))) {}
                    text class="chart-label" x=(LEFT - 8.0) y=(round(y(*tick) + 3.5)) text-anchor="end" aria-hidden="true" { (number(*tick)) }
                }
                @for (at, bar) in bars.iter().enumerate() {
                    @let x = LEFT + step * (at as f64 + 0.5);
                    @let told = format!("{}: {} {unit}", bar.name, number(bar.value));
                    a href=(bar.href) aria-label=(told) {
                        title { (told) }
                        rect class="chart-hit" x=(round(x - step / 2.0)) y=(TOP) width=(round(step)) height=(HEIGHT - TOP) {}
                        rect class="chart-bar" x=(round(x - width / 2.0)) y=(round(y(bar.value))) width=(round(width)) height=(round(HEIGHT - BOTTOM - y(bar.value))) rx="2" {}
                    }
                    text class="chart-label chart-name" x=(round(x)) y=(HEIGHT - 7.0) text-anchor="middle" aria-hidden="true" { (bar.label) }
                }
            }
            details class="chart-table" {
                summary { "As a table" }
                table class="table" {
                    thead { tr { th scope="col" { "Month" } th scope="col" class="cell-number" { (format::capitalized(unit)) } } }
                    tbody { @for bar in bars.iter().rev() { tr { td { a href=(bar.href) { (bar.name) } } td class="cell-number tabular" { (number(bar.value)) } } } }
                }
            }
        }
    }
}

/// A part of a whole.
#[derive(Clone, Debug)]
pub struct Part {
    /// What it is.
    pub label: String,
    /// How much.
    pub value: i64,
    /// Where what it counts can be seen.
    pub href: String,
    /// Its colour.
    pub tone: super::Tone,
}

/// Parts of a whole as lines with bars, each with its number and its share.
pub fn distribution(parts: &[Part], locale: Locale) -> Markup {
    let whole: i64 = parts.iter().map(|part| part.value).sum();
    let share = |value: i64| {
        if whole > 0 {
            value as f64 / whole as f64 * 100.0
        } else {
            0.0
        }
    };
    html! {
        ul class="distribution" { @for part in parts {
            li {
                a href=(part.href) { (part.label) }
                span class="tabular" { (format::integer(part.value, locale)) }
                span class="muted tabular" { (format::percent(share(part.value), locale)) }
                svg class=(part.tone.class()) viewBox="0 0 100 4" preserveAspectRatio="none" aria-hidden="true" {
                    rect class="metric-track" width="100" height="4" {}
                    rect class="metric-fill" width=(round(share(part.value))) height="4" {}
                }
            }
        } }
    }
}

/// Round numbers from zero to at least `most`: at most six, of steps that people count in.
fn ticks(most: i64) -> Vec<i64> {
    let most = most.max(1);
    let steps = (0..18).flat_map(|zeros| [1, 2, 5].map(|digit| digit * 10_i64.pow(zeros)));
    let step = steps
        .into_iter()
        .find(|step| most / step < 5 || most == step * 5)
        .unwrap_or(most);
    let count = most / step + i64::from(most % step > 0);
    (0..=count).map(|at| at.saturating_mul(step)).collect()
}

/// To a tenth: more is not seen.
fn round(value: f64) -> f64 {
    (value * 10.0).round() / 10.0
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pages::samples;

    #[test]
    fn an_axis_has_few_round_numbers_and_reaches_the_highest() {
        for (most, wanted) in [
            (0, &[0, 1][..]),
            (1, &[0, 1]),
            (4, &[0, 1, 2, 3, 4]),
            (7, &[0, 2, 4, 6, 8]),
            (36, &[0, 10, 20, 30, 40]),
            (120, &[0, 50, 100, 150]),
            (50_000, &[0, 10_000, 20_000, 30_000, 40_000, 50_000]),
        ] {
            assert_eq!(ticks(most), wanted, "{most}");
        }
        assert!(ticks(i64::MAX).len() <= 6);
    }

    #[test]
    fn charts_are_harmless() {
        for text in samples::ALL {
            let bar = Bar {
                label: text.into(),
                name: text.into(),
                value: 3,
                href: "/customers".into(),
            };
            samples::assert_harmless(&column_chart(text, &[bar], Locale::default()).into_string());
            let part = Part {
                label: text.into(),
                value: 3,
                href: "/customers".into(),
                tone: super::super::Tone::Blue,
            };
            samples::assert_harmless(&distribution(&[part], Locale::default()).into_string());
        }
        column_chart("customers", &[], Locale::default());
    }
}
