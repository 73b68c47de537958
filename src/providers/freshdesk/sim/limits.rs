//! The rate limits: one window for the account and one for each limited endpoint
//! (Freshdesk reference, section 2).

use std::collections::{BTreeMap, VecDeque};
use std::fmt;
use std::str::FromStr;

use jiff::{SignedDuration, Timestamp};

use super::switches::{Switches, Window};

/// How long a window is.
const WINDOW: SignedDuration = SignedDuration::from_secs(60);

/// What the account pays for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Plan {
    /// 50 calls a minute, no limits of endpoints.
    Trial,
    /// 200 calls a minute.
    Growth,
    /// 400 calls a minute.
    Pro,
    /// 700 calls a minute.
    Enterprise,
    /// A limit that nobody reaches; the headers are there, because the real service always
    /// sends them.
    Unlimited,
}

impl Plan {
    /// All plans, smallest first.
    pub const ALL: [Self; 5] = [
        Self::Trial,
        Self::Growth,
        Self::Pro,
        Self::Enterprise,
        Self::Unlimited,
    ];

    /// The plan's name on the command line.
    const fn name(self) -> &'static str {
        match self {
            Self::Trial => "trial",
            Self::Growth => "growth",
            Self::Pro => "pro",
            Self::Enterprise => "enterprise",
            Self::Unlimited => "unlimited",
        }
    }

    /// Calls a minute for the whole account.
    const fn account(self) -> u32 {
        match self {
            Self::Trial => 50,
            Self::Growth => 200,
            Self::Pro => 400,
            Self::Enterprise => 700,
            Self::Unlimited => 100_000_000,
        }
    }

    /// Calls a minute for one class of endpoints, where it has a limit of its own.
    const fn endpoint(self, class: Class) -> Option<u32> {
        let (writes, lists) = match self {
            Self::Trial | Self::Unlimited => return None,
            Self::Growth => (80, 20),
            Self::Pro => (160, 100),
            Self::Enterprise => (280, 200),
        };
        match class {
            Class::Other | Class::TicketReads => None,
            Class::TicketCreate | Class::TicketUpdate => Some(writes),
            Class::TicketList | Class::ContactList => Some(lists),
        }
    }
}

impl fmt::Display for Plan {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.name())
    }
}

impl FromStr for Plan {
    type Err = UnknownPlan;

    fn from_str(text: &str) -> Result<Self, UnknownPlan> {
        Self::ALL
            .into_iter()
            .find(|plan| plan.name() == text)
            .ok_or_else(|| UnknownPlan(text.to_owned()))
    }
}

/// A name that is no plan's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnknownPlan(String);

impl fmt::Display for UnknownPlan {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            formatter,
            "plan must be trial, growth, pro, enterprise or unlimited, not {:?}",
            self.0
        )
    }
}

impl std::error::Error for UnknownPlan {}

/// Endpoints that share a window.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Class {
    /// Only the account's window.
    Other,
    /// The ticket list.
    TicketList,
    /// Views, conversations and time entries of a ticket: limited only on some accounts.
    TicketReads,
    /// The creation of a ticket.
    TicketCreate,
    /// The update of a ticket.
    TicketUpdate,
    /// The contact list.
    ContactList,
}

/// What came of charging a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verdict {
    /// It may go on.
    Pass(Standing),
    /// It is over a limit.
    Over {
        /// Whole seconds until it would pass.
        retry_after: i64,
        /// The window that is full.
        standing: Standing,
    },
}

/// What the rate headers show: the endpoint's own window where there is one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Standing {
    /// The window's size.
    pub(super) total: u32,
    /// What is left of it.
    pub(super) remaining: u32,
}

/// All windows of an account.
#[derive(Debug)]
pub(super) struct Limits {
    /// Decides the sizes.
    plan: Plan,
    /// How windows end.
    window: Window,
    /// Whether ticket reads count against the ticket list's window.
    reads_share: bool,
    /// The calls that count, oldest first, for each class; `Other` holds the account's.
    counted: BTreeMap<Class, VecDeque<(Timestamp, u32)>>,
}

impl Limits {
    /// Empty windows.
    pub(super) fn new(plan: Plan, switches: &Switches) -> Self {
        Self {
            plan,
            window: switches.window,
            reads_share: switches.ticket_reads_share_window,
            counted: BTreeMap::new(),
        }
    }

    /// Counts a call in the account's window and in its endpoint's, or refuses it in both.
    pub(super) fn charge(&mut self, class: Class, credits: u32, now: Timestamp) -> Verdict {
        let class = match class {
            Class::TicketReads if self.reads_share => Class::TicketList,
            other => other,
        };
        let own = self.plan.endpoint(class).map(|size| (class, size));
        let windows = [Some((Class::Other, self.plan.account())), own];

        let mut shown = Standing {
            total: 0,
            remaining: 0,
        };
        let mut over: Option<(i64, Standing)> = None;
        for (class, size) in windows.into_iter().flatten() {
            let (used, wait) = self.used(class, now, size.saturating_sub(credits));
            let remaining = size.saturating_sub(used);
            if remaining < credits && over.is_none_or(|(longest, _)| wait > longest) {
                over = Some((
                    wait,
                    Standing {
                        total: size,
                        remaining,
                    },
                ));
            }
            shown = Standing {
                total: size,
                remaining: remaining.saturating_sub(credits),
            };
        }
        if let Some((retry_after, standing)) = over {
            return Verdict::Over {
                retry_after,
                standing,
            };
        }
        for (class, _) in windows.into_iter().flatten() {
            self.count(class, credits, now);
        }
        Verdict::Pass(shown)
    }

    /// What a window has counted, and the seconds until no more than `goal` of it is left.
    fn used(&mut self, class: Class, now: Timestamp, goal: u32) -> (u32, i64) {
        let calls = self.counted.entry(class).or_default();
        match self.window {
            Window::Fixed => {
                if calls.front().is_some_and(|(at, _)| *at + WINDOW <= now) {
                    calls.clear();
                }
                let used = calls.front().map_or(0, |(_, credits)| *credits);
                let end = calls.front().map_or(now, |(at, _)| *at + WINDOW);
                (used, seconds_until(end, now))
            }
            Window::Sliding => {
                while calls.front().is_some_and(|(at, _)| *at + WINDOW <= now) {
                    calls.pop_front();
                }
                let used = calls.iter().map(|(_, credits)| credits).sum();
                let mut left: u32 = used;
                let mut end = now;
                for (at, credits) in calls.iter() {
                    if left <= goal {
                        break;
                    }
                    left -= credits;
                    end = *at + WINDOW;
                }
                (used, seconds_until(end, now))
            }
        }
    }

    /// Adds a call to a window; a fixed one needs only its first moment and its sum.
    fn count(&mut self, class: Class, credits: u32, now: Timestamp) {
        let calls = self.counted.entry(class).or_default();
        match (self.window, calls.front_mut()) {
            (Window::Fixed, Some((_, sum))) => *sum += credits,
            (Window::Fixed | Window::Sliding, _) => calls.push_back((now, credits)),
        }
    }
}

/// Whole seconds from now to then, rounded up, at least one.
fn seconds_until(then: Timestamp, now: Timestamp) -> i64 {
    let left = then.duration_since(now).as_millis();
    i64::try_from(left)
        .unwrap_or(i64::MAX)
        .div_euclid(1000)
        .saturating_add(i64::from(left.rem_euclid(1000) > 0))
        .max(1)
}
