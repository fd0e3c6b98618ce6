//! How far long work is: a bar on a terminal, a line every few seconds elsewhere. Ctrl-C stops at the next batch.

use std::{
    io::IsTerminal as _,
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

use indicatif::{HumanCount, ProgressBar, ProgressStyle};
use regulars_exchange::import::{
    Watch,
    inline::{GoingOn, Watches},
};
use tokio_util::sync::CancellationToken;

/// Time between two lines.
const PAUSE: Duration = Duration::from_secs(3);

/// A number as people read it on a terminal: `50,000`.
pub fn grouped(number: u64) -> String {
    HumanCount(number).to_string()
}

/// Shows how far work is, of which there may be several parts one after the other.
pub struct Progress {
    bar: Option<ProgressBar>,
    lines: Mutex<Lines>,
    stop: CancellationToken,
}

/// One part of the work, in units of its own.
pub struct Part<'a> {
    progress: &'a Progress,
    unit: &'static str,
}

impl Progress {
    /// Begins to show.
    pub fn new() -> Self {
        let bar = std::io::stderr().is_terminal().then(|| {
            let bar = ProgressBar::new_spinner();
            if let Ok(style) =
                ProgressStyle::with_template("{spinner} {human_pos} {msg} {wide_bar} {per_sec} {eta}")
            {
                bar.set_style(style);
            }
            bar.enable_steady_tick(Duration::from_millis(200));
            bar
        });
        let stop = CancellationToken::new();
        let signal = stop.clone();
        tokio::spawn(async move {
            if tokio::signal::ctrl_c().await.is_ok() {
                signal.cancel();
            }
        });
        Self {
            bar,
            lines: Mutex::new(Lines { last: Instant::now() }),
            stop,
        }
    }

    /// A part that counts in units such as `rows`.
    pub fn part(&self, unit: &'static str) -> Part<'_> {
        Part { progress: self, unit }
    }

    /// One part while a file is checked, the other while it is applied.
    pub fn watches<'a>(&'a self, checking: &'a Part<'a>, applying: &'a Part<'a>) -> Watches<'a> {
        Watches {
            checking,
            applying,
            going_on: self,
        }
    }

    /// Takes the bar away.
    pub fn end(&self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}

impl GoingOn for Progress {
    fn going_on(&self, done: u64) {
        let words = match done {
            0 => "This import was begun before and goes on; none of its rows is done yet.".to_owned(),
            1 => "This import was begun before and goes on after its first row.".to_owned(),
            _ => format!(
                "This import was begun before and goes on where it stopped: {} of its rows are done.",
                grouped(done)
            ),
        };
        match &self.bar {
            Some(bar) => bar.println(words),
            None => eprintln!("{words}"),
        }
    }
}

impl Watch for Part<'_> {
    fn progress(&self, done: u64, total: Option<u64>) {
        // Of a workbook the bytes are not known, only the rows.
        let unit = if total.is_none() && self.unit.starts_with("bytes") {
            "rows checked"
        } else {
            self.unit
        };
        if let Some(bar) = &self.progress.bar {
            bar.set_message(match total {
                Some(total) => format!("of {} {unit}", grouped(total)),
                None => unit.to_owned(),
            });
            if let Some(total) = total {
                bar.set_length(total);
            }
            bar.set_position(done);
            return;
        }
        let mut lines = self.progress.lines.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(line) = lines.line(Instant::now(), done, total, unit) {
            eprintln!("{line}");
        }
    }

    fn cancelled(&self) -> bool {
        self.progress.stop.is_cancelled()
    }
}

/// Lines with a pause between them, so that a log is not flooded.
struct Lines {
    last: Instant,
}

impl Lines {
    fn line(&mut self, now: Instant, done: u64, total: Option<u64>, unit: &str) -> Option<String> {
        if now.saturating_duration_since(self.last) < PAUSE {
            return None;
        }
        self.last = now;
        Some(match total {
            Some(total) => format!("{} of {} {unit}", grouped(done), grouped(total)),
            None => format!("{} {unit}", grouped(done)),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_printed_every_few_seconds_and_not_for_every_batch() {
        let begin = Instant::now();
        let mut lines = Lines { last: begin };
        let mut at = |seconds: f64, done| {
            lines.line(
                begin + Duration::from_secs_f64(seconds),
                done,
                Some(50_000),
                "rows",
            )
        };
        assert_eq!(at(0.1, 1), None);
        assert_eq!(at(3.1, 2).unwrap(), "2 of 50,000 rows");
        assert_eq!(at(3.2, 3), None);
        assert_eq!(at(6.2, 4_001).unwrap(), "4,001 of 50,000 rows");
    }
}
