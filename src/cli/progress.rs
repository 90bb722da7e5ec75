//! How far a run is: a bar, a line every 10 s, or JSON lines, all on standard error.

use std::sync::Mutex;
use std::time::{Duration, Instant};

use clap::ValueEnum;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use serde_json::json;

use super::{console, interrupt};
use crate::simulation::settings::Settings;
use crate::simulation::{Exam, Observer, Progress};

/// How progress is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Show {
    /// A bar on a terminal, lines otherwise
    Auto,
    /// A bar
    Bar,
    /// A line every 10 s
    Plain,
    /// One JSON object per line, at most one per second, for other programs
    Json,
    /// Nothing
    None,
}

impl Show {
    /// What is shown: `Auto` is settled.
    fn settled(self) -> Self {
        match self {
            Show::Auto if std::io::IsTerminal::is_terminal(&std::io::stderr()) => Show::Bar,
            Show::Auto => Show::Plain,
            other => other,
        }
    }

    /// Says something that is not progress, in the form of progress.
    pub fn say(self, event: &str, message: &str) {
        match self {
            Show::Json => console::note(&json!({ "event": event, "message": message }).to_string()),
            _ => console::note(&format!("{event}: {}", console::plain(message))),
        }
    }

    fn interval(self) -> Duration {
        match self {
            Show::Plain => Duration::from_secs(10),
            Show::Json => Duration::from_secs(1),
            _ => Duration::from_millis(100),
        }
    }
}

/// Watches a run: shows it, and ends it when the user asks.
pub struct Watch {
    show: Show,
    phases: Vec<String>,
    goal: Goal,
    bar: ProgressBar,
    shown: Mutex<Shown>,
}

/// When an acquisition ends.
struct Goal {
    relative_error: Option<f64>,
    histories: u64,
    max_wall_s: f64,
}

struct Shown {
    acquisition: Option<usize>,
    histories: u64,
    next: Instant,
    /// Acquisition whose target was last weighed against its limits.
    weighed: Option<usize>,
}

impl Watch {
    /// Watches the run of an exam.
    pub fn new(show: Show, exam: &Exam, settings: &Settings) -> Self {
        let show = show.settled();
        let target =
            if show == Show::Bar { ProgressDrawTarget::stderr() } else { ProgressDrawTarget::hidden() };
        let bar = ProgressBar::with_draw_target(Some(1), target);
        let style = ProgressStyle::with_template(" [{bar:24}] {percent:>3} %   {msg}");
        bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()).progress_chars("#>-"));
        Watch {
            show,
            phases: exam.acquisitions.iter().map(|a| console::plain(&a.phase)).collect(),
            goal: Goal {
                relative_error: settings.target.as_ref().map(|target| target.relative_error),
                histories: settings.histories,
                max_wall_s: settings.max_wall_s().unwrap_or(f64::INFINITY),
            },
            bar,
            shown: Mutex::new(Shown { acquisition: None, histories: 0, next: Instant::now(), weighed: None }),
        }
    }

    /// Tells a warning, or another event.
    pub fn say(&self, event: &str, message: &str) {
        self.show.say(event, message);
    }

    /// The same while the bar is drawn.
    pub fn interject(&self, event: &str, message: &str) {
        self.bar.suspend(|| self.say(event, message));
    }

    /// Clears the bar away.
    pub fn finish(&self) {
        self.bar.finish_and_clear();
    }

    /// Says once, when the first batches of an acquisition are done, that its target is out of reach.
    fn weigh(&self, shown: &mut Shown, progress: &Progress) {
        let first = progress.histories >= progress.histories_planned;
        if !first || shown.weighed == Some(progress.acquisition) {
            return;
        }
        shown.weighed = Some(progress.acquisition);
        if let Some(message) = self.goal.out_of_reach(progress) {
            self.bar.suspend(|| {
                self.say("warning", &format!("{}: {message}", self.phases[progress.acquisition]))
            });
        }
    }

    fn tell(&self, progress: &Progress) {
        match self.show {
            Show::Bar => self.draw(progress),
            Show::Plain => console::note(&format!(" {}", self.sentence(progress))),
            Show::Json => console::note(&self.json(progress)),
            Show::Auto | Show::None => {}
        }
    }

    fn draw(&self, progress: &Progress) {
        self.bar.set_length(self.goal.needed(progress).ceil() as u64);
        self.bar.set_position(progress.histories);
        self.bar.set_message(self.sentence(progress));
    }

    /// `arterial  12.0 Mhist  1.30 Mhist/s   worst in field: Adrenals 1.34 % (target 1.00 %)   27 s left`
    fn sentence(&self, progress: &Progress) -> String {
        let mega = progress.histories as f64 / 1e6;
        let phase = &self.phases[progress.acquisition];
        let mut line = format!("{phase}   {mega:.1} Mhist   {:.2} Mhist/s", mega / progress.elapsed_s);
        if let Some((organ, error)) = progress.worst.filter(|(_, error)| error.is_finite()) {
            line += &format!("   worst in field: {} {:.2} %", console::plain(organ), error * 100.0);
            if let Some(target) = self.goal.relative_error {
                line += &format!(" (target {:.2} %)", target * 100.0);
            }
        }
        line + &format!("   {} left", duration(self.goal.time_left_s(progress)))
    }

    fn json(&self, progress: &Progress) -> String {
        json!({
            "event": "progress",
            "acquisition": progress.acquisition,
            "phase": self.phases[progress.acquisition],
            "histories": progress.histories,
            "planned": progress.histories_planned,
            "worst_organ": progress.worst.map(|(organ, _)| organ),
            "relative_error": progress.worst.map(|(_, error)| error),
            "elapsed_s": progress.elapsed_s,
            "eta_s": self.goal.time_left_s(progress),
        })
        .to_string()
    }
}

impl Observer for Watch {
    fn progress(&self, progress: &Progress) {
        let mut shown = self.shown.lock().expect("no thread panics while it tells");
        self.weigh(&mut shown, progress);
        let new = shown.acquisition != Some(progress.acquisition);
        let last = progress.histories >= progress.histories_planned;
        // Threads may report out of order: what is behind is not told.
        if (!new && progress.histories <= shown.histories) || !(new || last || Instant::now() >= shown.next) {
            return;
        }
        shown.acquisition = Some(progress.acquisition);
        shown.histories = progress.histories;
        shown.next = Instant::now() + self.show.interval();
        self.tell(progress);
    }

    fn stop_requested(&self) -> bool {
        interrupt::requested()
    }
}

impl Goal {
    /// Histories the acquisition needs: N (error / target)², at most all, or what is planned without a target.
    fn needed(&self, progress: &Progress) -> f64 {
        let planned = progress.histories_planned as f64;
        let (Some(target), Some((_, error))) = (self.relative_error, progress.worst) else { return planned };
        if !error.is_finite() {
            return planned;
        }
        let needed = progress.histories as f64 * (error / target).powi(2);
        needed.clamp(progress.histories as f64, (self.histories as f64).max(planned))
    }

    /// That the target needs more than the run may take, and how much: the first batches tell it to some ten per cent, so
    /// that what is near the limit is not spoken of.
    fn out_of_reach(&self, progress: &Progress) -> Option<String> {
        const CLEARLY: f64 = 1.3;
        let (target, (organ, error)) = (self.relative_error?, progress.worst?);
        let factor = (error / target).powi(2);
        let (histories, seconds) = (progress.histories as f64 * factor, progress.elapsed_s * factor);
        // How many times more than the run may take.
        let [of_histories, of_time] = [histories / self.histories as f64, seconds / self.max_wall_s];
        if !factor.is_finite() || of_histories.max(of_time) <= CLEARLY {
            return None;
        }
        let limit = match of_histories > of_time {
            true => format!("{:.1e} histories", self.histories as f64),
            false => duration(self.max_wall_s),
        };
        Some(format!(
            "{} % on {} needs about {histories:.1e} histories = {}; the run ends after {limit}",
            (target * 100.0) as f32,
            console::plain(organ),
            duration(seconds)
        ))
    }

    fn time_left_s(&self, progress: &Progress) -> f64 {
        let left = self.needed(progress) / progress.histories.max(1) as f64 - 1.0;
        (left.max(0.0) * progress.elapsed_s).min((self.max_wall_s - progress.elapsed_s).max(0.0))
    }
}

/// A duration for people: `27 s`, `4 min`, `2.5 h`.
pub fn duration(seconds: f64) -> String {
    match seconds {
        s if s < 120.0 => format!("{s:.0} s"),
        s if s < 7200.0 => format!("{:.0} min", s / 60.0),
        s => format!("{:.1} h", s / 3600.0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn time_left_follows_the_square_of_the_error() {
        let goal = Goal { relative_error: Some(0.01), histories: 1_000_000, max_wall_s: f64::INFINITY };
        let progress = Progress {
            acquisition: 0,
            histories: 1000,
            histories_planned: 2000,
            worst: Some(("Lungs", 0.02)),
            elapsed_s: 5.0,
        };
        assert!((goal.time_left_s(&progress) - 15.0).abs() < 1e-9);
        assert_eq!(goal.out_of_reach(&progress), None);
        let hurried = Goal { max_wall_s: 8.0, ..goal };
        let warning = hurried.out_of_reach(&progress).expect("20 s are needed, 8 s given");
        assert_eq!(warning, "1 % on Lungs needs about 4.0e3 histories = 20 s; the run ends after 8 s");
        let poor = Goal { relative_error: Some(0.01), histories: 3000, max_wall_s: f64::INFINITY };
        assert!(
            poor.out_of_reach(&progress).is_some_and(|warning| warning.ends_with("after 3.0e3 histories"))
        );
        let both = Goal { max_wall_s: 8.0, ..poor };
        assert!(
            both.out_of_reach(&progress).is_some_and(|warning| warning.ends_with("after 8 s")),
            "2.5 times the time is more than 1.3 times the histories: time ends it first"
        );
        assert!((hurried.time_left_s(&progress) - 3.0).abs() < 1e-9);
    }
}
