//! The rate limits: one window for the account, and buckets for some endpoints (Zendesk reference, section 12).

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use jiff::{SignedDuration, Timestamp};

/// What the account pays for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Plan {
    /// 200 calls a minute.
    Team,
    /// 400 calls a minute; Professional is the same.
    Growth,
    /// 700 calls a minute.
    Enterprise,
    /// Limits that nobody reaches; the headers are there, because the real service sends them.
    Unlimited,
}

impl Plan {
    /// All plans, smallest first.
    pub const ALL: [Self; 4] = [Self::Team, Self::Growth, Self::Enterprise, Self::Unlimited];

    /// The plan's name on the command line.
    const fn name(self) -> &'static str {
        match self {
            Self::Team => "team",
            Self::Growth => "growth",
            Self::Enterprise => "enterprise",
            Self::Unlimited => "unlimited",
        }
    }

    /// Calls a minute for the whole account.
    const fn account(self) -> u32 {
        match self {
            Self::Team => 200,
            Self::Growth => 400,
            Self::Enterprise => 700,
            Self::Unlimited => 100_000_000,
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
            "plan must be team, growth, enterprise or unlimited, not {:?}",
            self.0
        )
    }
}

impl std::error::Error for UnknownPlan {}

/// A limit beside the account's own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Bucket {
    /// `GET /tickets` and its relatives.
    TicketsIndex,
    /// `POST /tickets`.
    TicketsCreate,
    /// `PUT /tickets/{id}`, of the whole account.
    TicketsUpdate,
    /// `PUT /tickets/{id}`, of one user on one ticket.
    PerTicket(u64, u64),
    /// `DELETE /tickets/{id}`.
    TicketsDelete,
    /// `GET /search` and the like.
    Search,
    /// All incremental exports together.
    Incremental,
    /// `GET /deleted_tickets`.
    Deleted,
    /// `PUT /users/{id}`, of one user.
    PerUser(u64),
    /// Permanent deletions of users.
    UsersPurge,
    /// The export of suspended tickets.
    SuspendedExport,
}

impl Bucket {
    /// How many calls in how many seconds.
    const fn size(self) -> (u32, i64) {
        match self {
            Self::TicketsIndex | Self::TicketsUpdate | Self::Search => (100, 60),
            Self::TicketsCreate => (300, 60),
            Self::PerTicket(..) => (30, 600),
            Self::TicketsDelete => (400, 60),
            Self::Incremental | Self::Deleted => (10, 60),
            Self::PerUser(_) => (5, 60),
            Self::UsersPurge => (700, 600),
            Self::SuspendedExport => (1, 60),
        }
    }

    /// What stands behind `zendesk-ratelimit-` in its header.
    const fn name(self) -> &'static str {
        match self {
            Self::TicketsIndex => "tickets-index",
            Self::TicketsCreate => "ticket-request-create-by-user-and-ip",
            Self::TicketsUpdate => "tickets-update",
            Self::PerTicket(..) => "per-ticket-updates",
            Self::TicketsDelete => "tickets-destroy",
            Self::Search => "search-index",
            Self::Incremental => "incremental-exports",
            Self::Deleted => "deleted-tickets-index",
            Self::PerUser(_) => "users-update",
            Self::UsersPurge => "deleted-users-destroy",
            Self::SuspendedExport => "suspended-tickets-export",
        }
    }
}

/// How full a window is after a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Standing {
    /// The header's name behind its prefix; the account's window has headers of its own.
    pub(super) name: Option<&'static str>,
    /// The window's size.
    pub(super) total: u32,
    /// What is left of it.
    pub(super) remaining: u32,
    /// Whole seconds until it is empty again.
    pub(super) resets: i64,
}

/// What came of charging a call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Verdict {
    /// Whole seconds until it would pass, if it is over a limit.
    pub(super) retry_after: Option<i64>,
    /// The account's window, then the buckets'.
    pub(super) standings: Vec<Standing>,
}

/// All windows of an account. Each begins with its first call and ends all at once.
#[derive(Debug)]
pub(super) struct Limits {
    /// Decides the account's size.
    plan: Plan,
    /// Beginning and count of each window; `None` is the account's.
    counted: BTreeMap<Option<Bucket>, (Timestamp, u32)>,
}

impl Limits {
    /// Empty windows.
    pub(super) fn new(plan: Plan) -> Self {
        Self {
            plan,
            counted: BTreeMap::new(),
        }
    }

    /// Counts a call in the account's window and in its buckets, or refuses it in all.
    pub(super) fn charge(&mut self, buckets: &[Bucket], now: Timestamp) -> Verdict {
        let own = buckets.iter().map(|bucket| {
            let (size, seconds) = bucket.size();
            let size = if self.plan == Plan::Unlimited {
                Plan::Unlimited.account()
            } else {
                size
            };
            (Some(*bucket), size, seconds)
        });
        let windows: Vec<_> = std::iter::once((None, self.plan.account(), 60))
            .chain(own)
            .collect();

        let mut retry_after = None;
        for (key, size, seconds) in &windows {
            let length = SignedDuration::from_secs(*seconds);
            let (begin, used) = self.counted.entry(*key).or_insert((now, 0));
            if *begin + length <= now {
                (*begin, *used) = (now, 0);
            }
            if *used >= *size {
                let wait = seconds_until(*begin + length, now);
                retry_after = retry_after.max(Some(wait));
            }
        }
        let mut standings = Vec::new();
        for (key, size, seconds) in windows {
            let Some((begin, used)) = self.counted.get_mut(&key) else {
                continue;
            };
            *used += u32::from(retry_after.is_none());
            standings.push(Standing {
                name: key.map(Bucket::name),
                total: size,
                remaining: size.saturating_sub(*used),
                resets: seconds_until(*begin + SignedDuration::from_secs(seconds), now),
            });
        }
        Verdict {
            retry_after,
            standings,
        }
    }
}

/// Whole seconds from now to then, rounded up, at least one.
fn seconds_until(then: Timestamp, now: Timestamp) -> i64 {
    let left = then.duration_since(now).as_millis();
    let left = i64::try_from(left).unwrap_or(i64::MAX);
    (left.saturating_add(999) / 1000).max(1)
}
