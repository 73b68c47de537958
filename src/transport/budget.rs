//! What one vendor account may still spend. Pure: no clock, no timer, no lock.
//!
//! Vendors allow so many credits in a window, and seldom say when the window began. "At most the limit
//! in *any* stretch of its length" is the only rule that never exceeds a window of unknown phase, so
//! [`Budget`] remembers each call until it has certainly left the vendor's window. What the vendor tells
//! with its answers corrects that, and shows what others spend on the same account. The queue in front
//! of it is [`crate::transport::broker`].

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use tokio::time::Instant;

/// A vendor tells whole seconds, so its window may end this much later than told.
const ROUNDING: Duration = Duration::from_secs(1);
/// The longest time that is believed when a vendor tells when its window ends.
const LONGEST_RESET: Duration = Duration::from_hours(1);
/// How far a window that is spent evenly may go ahead.
const AHEAD: Duration = Duration::from_secs(1);
/// In how many places a prediction looks for credits that come back unevenly.
const LOOKS: u32 = 12;
/// An account counts as shared for so many windows after the use by others was seen last.
const SHARED_FOR: u32 = 5;
/// While others spend too, figures older than this part of the window are not trusted.
const FRESH_PART: u32 = 20;

/// A window as the provider declares it.
#[derive(Debug)]
pub struct WindowRule {
    /// Its name, unique within the provider.
    pub name: &'static str,
    /// How long a credit stays spent.
    pub length: Duration,
    /// The limit that is believed until the vendor tells one.
    pub assumed: u32,
}

/// What a call takes from one window. A call names its widest window first.
#[derive(Debug, Clone)]
pub struct Charge {
    /// The window.
    pub rule: &'static WindowRule,
    /// What the window is of, such as a ticket's id, where the vendor keeps one for each.
    pub of: Option<String>,
    /// How many credits.
    pub cost: u32,
}

impl Charge {
    /// The key of the window that is charged.
    pub fn key(&self) -> Key {
        (self.rule.name, self.of.clone())
    }
}

impl PartialEq for Charge {
    fn eq(&self, other: &Self) -> bool {
        (self.rule.name, &self.of, self.cost) == (other.rule.name, &other.of, other.cost)
    }
}

/// What an answer told about one window.
#[derive(Debug, Clone)]
pub struct Told {
    /// The window.
    pub rule: &'static WindowRule,
    /// What the window is of.
    pub of: Option<String>,
    /// The window that it is about instead, if that one has the very limit that is told: a vendor that has no window of
    /// its own for an endpoint tells of a wider one.
    pub or: Option<&'static WindowRule>,
    /// Credits in a window.
    pub limit: Option<u32>,
    /// Credits left in it.
    pub remaining: Option<u32>,
    /// Time until it begins anew.
    pub reset: Option<Duration>,
}

/// A window as it is shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Standing {
    /// Its name.
    pub name: &'static str,
    /// What it is of.
    pub of: Option<String>,
    /// Its limit, or none while that is only assumed.
    pub limit: Option<u32>,
    /// Credits that are neither spent nor on their way.
    pub remaining: u32,
    /// Time until all that is spent by now is free again.
    pub reset: Duration,
}

/// Why a call cannot be sent now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Obstacle {
    /// The vendor has said stop, or a probe is on its way.
    Pause,
    /// The window of the charge with this index has too little left.
    Window(usize),
}

/// The credits of a call that may be sent. It goes back to the budget in one of three ways.
#[derive(Debug)]
#[must_use = "credits that are not settled stay in flight for ever"]
pub struct Reservation {
    /// What was reserved.
    charges: Vec<Charge>,
    /// Whether the call is the first one after a pause.
    is_probe: bool,
    /// When it was let go.
    sent_at: Instant,
}

/// What one vendor account may still spend.
#[derive(Debug, Default)]
pub struct Budget {
    /// The windows that were charged so far.
    windows: BTreeMap<Key, Window>,
    /// When the vendor may be called again.
    paused_until: Option<Instant>,
    /// Whether a single call has to go first.
    probe: Probe,
}

impl Budget {
    /// Whether a call may be sent now, or what is in its way.
    pub fn fits(&self, charges: &[Charge], now: Instant) -> Result<(), Obstacle> {
        if self.pause_left(now).is_some() || self.probe == Probe::Sent {
            return Err(Obstacle::Pause);
        }
        for (index, charge) in charges.iter().enumerate() {
            if let Some(window) = self.windows.get(&charge.key())
                && !window.fits(charge.cost, now)
            {
                return Err(Obstacle::Window(index));
            }
        }
        Ok(())
    }

    /// Whether one of the windows waits for its first answer.
    pub fn is_learning(&self, charges: &[Charge]) -> bool {
        let mut windows = charges.iter().map(|charge| self.windows.get(&charge.key()));
        windows.any(|window| window.is_none_or(|window| window.answered_at.is_none()))
    }

    /// Takes what a call costs, before it is sent. Ask [`Self::fits`] first.
    pub fn reserve(&mut self, charges: Vec<Charge>, now: Instant) -> Reservation {
        for charge in &charges {
            let window = self.window(charge);
            window.forget(now);
            window.calls += 1;
            window.reserved += charge.cost;
            let even = window.even_until.map_or(now, |even| even.max(now));
            window.even_until = Some(even + window.pace() * charge.cost);
        }
        let is_probe = self.probe == Probe::Due;
        if is_probe {
            self.probe = Probe::Sent;
        }
        Reservation {
            charges,
            is_probe,
            sent_at: now,
        }
    }

    /// Learns from an answer: what the call has cost, and what is left.
    pub fn answered(
        &mut self,
        reservation: &Reservation,
        told: &[Told],
        used: Option<u32>,
        now: Instant,
    ) {
        if reservation.is_probe && self.probe == Probe::Sent {
            self.probe = Probe::NotNeeded;
        }
        self.spend(reservation, used, now);
        for told in told {
            let wider = told
                .or
                .and_then(|rule| self.windows.get_mut(&(rule.name, None)));
            if let Some(wider) =
                wider.filter(|wider| wider.limit.is_some() && wider.limit == told.limit)
            {
                wider.learn(told, reservation.sent_at, now);
                if let Some(window) = self.windows.get_mut(&(told.rule.name, told.of.clone())) {
                    window.limit = told.limit;
                }
            } else if let Some(window) = self.windows.get_mut(&(told.rule.name, told.of.clone())) {
                window.learn(told, reservation.sent_at, now);
            }
        }
        self.forget(now);
    }

    /// Counts a call that nobody knows the answer of: the vendor may have counted it.
    pub fn lost(&mut self, reservation: &Reservation, now: Instant) {
        self.release_probe(reservation);
        self.spend(reservation, None, now);
    }

    /// Takes a call back that was not sent.
    pub fn give_back(&mut self, reservation: &Reservation) {
        self.release_probe(reservation);
        for charge in &reservation.charges {
            let window = self.window(charge);
            window.calls -= 1;
            window.reserved -= charge.cost;
        }
    }

    /// Counts a call that the vendor answered with a 429, which shows that others spend too, or that it
    /// counts in another way. Sends nothing until then, and then one call until it is answered well.
    pub fn throttled(&mut self, reservation: &Reservation, until: Instant, now: Instant) {
        self.lost(reservation, now);
        for charge in &reservation.charges {
            self.window(charge).foreign_seen = Some(now);
        }
        self.pause(until);
    }

    /// Sends nothing until then, and then one call until it is answered well.
    pub fn pause(&mut self, until: Instant) {
        self.paused_until = self.paused_until.max(Some(until));
        self.probe = Probe::Due;
    }

    /// For how long nothing is sent.
    pub fn pause_left(&self, now: Instant) -> Option<Duration> {
        let left = self.paused_until?.saturating_duration_since(now);
        (!left.is_zero()).then_some(left)
    }

    /// Somebody waits for this window: from now on it is spent evenly instead of in bursts, so that
    /// the credits come back evenly too, and a newcomer waits seconds instead of a whole window.
    pub fn press(&mut self, charge: &Charge, now: Instant) {
        if let Some(window) = self.windows.get_mut(&charge.key()) {
            window.pressed_until = Some(now + window.rule.length);
        }
    }

    /// How many credits of a window can have been spent anew by then, if it is used to the full.
    pub fn free_by(&self, charge: &Charge, then: Instant, now: Instant) -> u64 {
        let Some(window) = self.windows.get(&charge.key()) else {
            let rounds = rounds(charge.rule.length, then, now);
            return u64::from(charge.rule.assumed) * (rounds + 1);
        };
        window.free_by(charge.cost, then, now)
    }

    /// When the window has room for a charge if nothing else happens, or none if it takes an answer.
    pub fn when(&self, charge: &Charge, now: Instant) -> Option<Instant> {
        self.windows.get(&charge.key())?.when(charge.cost, now)
    }

    /// All windows, for people to look at.
    pub fn standing(&self, now: Instant) -> Vec<Standing> {
        let show = |((name, of), window): (&Key, &Window)| Standing {
            name,
            of: of.clone(),
            limit: window.limit,
            remaining: window.limit().saturating_sub(window.used(now)),
            reset: window.reset(now),
        };
        self.windows.iter().map(show).collect()
    }

    /// The window of a charge, new if it was never charged.
    fn window(&mut self, charge: &Charge) -> &mut Window {
        self.windows
            .entry(charge.key())
            .or_insert_with(|| Window::new(charge.rule))
    }

    /// Moves what was in flight to what is spent.
    fn spend(&mut self, reservation: &Reservation, used: Option<u32>, now: Instant) {
        for charge in &reservation.charges {
            let window = self.window(charge);
            window.calls -= 1;
            window.reserved -= charge.cost;
            let flight = now.saturating_duration_since(reservation.sent_at);
            window.spend(used.unwrap_or(charge.cost), flight, now);
        }
    }

    /// Lets another call be the probe.
    fn release_probe(&mut self, reservation: &Reservation) {
        if reservation.is_probe && self.probe == Probe::Sent {
            self.probe = Probe::Due;
        }
    }

    /// Forgets the windows of single things that nothing is left in.
    fn forget(&mut self, now: Instant) {
        self.windows
            .retain(|(_, of), window| of.is_none() || !window.is_idle(now));
    }
}

/// Rule and thing a window is of.
pub type Key = (&'static str, Option<String>);

/// Whether a single call has to go first.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
enum Probe {
    /// No.
    #[default]
    NotNeeded,
    /// The next call is the one.
    Due,
    /// It is on its way.
    Sent,
}

/// One window.
#[derive(Debug)]
struct Window {
    /// What the provider declares.
    rule: &'static WindowRule,
    /// The limit, once it was told.
    limit: Option<u32>,
    /// Calls in flight.
    calls: u32,
    /// Credits of these.
    reserved: u32,
    /// How long calls are in flight, averaged.
    flight: Duration,
    /// When credits come back, oldest first, with the sum of all credits up to there.
    spent: VecDeque<(Instant, u64)>,
    /// The sum of the credits that came back.
    returned: u64,
    /// The sum of all credits ever spent.
    total: u64,
    /// What others had spent when it was told last, and until when that counts.
    foreign: Option<(u32, Instant)>,
    /// When the use by others was seen last.
    foreign_seen: Option<Instant>,
    /// Until when it is spent evenly, because somebody waited for it.
    pressed_until: Option<Instant>,
    /// When the credits spent so far would have been spent evenly.
    even_until: Option<Instant>,
    /// When it was told last.
    told_at: Option<Instant>,
    /// When a call was answered last, told or not.
    answered_at: Option<Instant>,
}

impl Window {
    /// An unused window.
    fn new(rule: &'static WindowRule) -> Self {
        Self {
            rule,
            limit: None,
            calls: 0,
            reserved: 0,
            flight: Duration::ZERO,
            spent: VecDeque::new(),
            returned: 0,
            total: 0,
            foreign: None,
            foreign_seen: None,
            pressed_until: None,
            even_until: None,
            told_at: None,
            answered_at: None,
        }
    }

    /// The limit that is believed.
    fn limit(&self) -> u32 {
        self.limit.unwrap_or(self.rule.assumed)
    }

    /// What is left unused because others spend too: a tenth, at least 3, at most half.
    fn reserve(&self, now: Instant) -> u32 {
        let limit = self.limit();
        let is_shared = self
            .foreign_seen
            .is_some_and(|seen| now < seen + self.rule.length * SHARED_FOR);
        if is_shared {
            (limit / 10).max(3).min(limit / 2)
        } else {
            0
        }
    }

    /// What others have spent, as far as it still counts.
    fn foreign(&self, now: Instant) -> u32 {
        self.foreign
            .filter(|(_, until)| now < *until)
            .map_or(0, |(credits, _)| credits)
    }

    /// The sum of all credits that come back by then.
    fn returned_by(&self, then: Instant) -> u64 {
        let count = self.spent.partition_point(|(free_at, _)| *free_at <= then);
        count
            .checked_sub(1)
            .map_or(self.returned, |last| self.spent[last].1)
    }

    /// Our own credits in the window, those in flight too.
    fn own(&self, now: Instant) -> u32 {
        let spent = self.total - self.returned_by(now);
        u32::try_from(spent)
            .unwrap_or(u32::MAX)
            .saturating_add(self.reserved)
    }

    /// All credits in the window.
    fn used(&self, now: Instant) -> u32 {
        self.own(now).saturating_add(self.foreign(now))
    }

    /// How many calls may be in flight with nothing certain known: one.
    fn is_single_file(&self, now: Instant) -> bool {
        let is_older = |at: Option<Instant>, age: Duration| at.is_none_or(|at| now >= at + age);
        // Others may have spent everything since their use was seen last.
        let is_shared = self.reserve(now) > 0;
        is_older(self.answered_at, self.rule.length)
            || is_shared && is_older(self.told_at, self.rule.length / FRESH_PART)
    }

    /// Whether so many credits may be taken now.
    fn fits(&self, cost: u32, now: Instant) -> bool {
        let reserve = self.reserve(now);
        if self.even_wait(now) > Duration::ZERO {
            return false;
        }
        if self.calls > 0 && self.is_single_file(now) {
            return false;
        }
        // What is in flight here cannot be seen by the other clients, nor theirs by us.
        if self.calls > 0 && reserve > 0 && self.reserved + cost > reserve / 4 {
            return false;
        }
        self.used(now) + self.possible(cost, reserve) <= self.limit().saturating_sub(reserve)
    }

    /// The time of one credit when the window is spent evenly, a little faster than it may be.
    fn pace(&self) -> Duration {
        self.rule.length * 10 / 11 / self.limit()
    }

    /// Whether it is spent evenly: others spend too, and somebody waited for it.
    fn is_pressed(&self, now: Instant) -> bool {
        self.reserve(now) > 0 && self.pressed_until.is_some_and(|until| now < until)
    }

    /// How long the next call has to wait for the window to be spent evenly.
    fn even_wait(&self, now: Instant) -> Duration {
        let is_pressed = self.is_pressed(now);
        let even = self.even_until.filter(|_| is_pressed);
        even.map_or(Duration::ZERO, |even| {
            even.saturating_duration_since(now + AHEAD)
        })
    }

    /// The cost, or all there is: a call that costs more than the limit goes out alone.
    fn possible(&self, cost: u32, reserve: u32) -> u32 {
        cost.min(self.limit().saturating_sub(reserve).max(1))
    }

    /// When the credits are there; see [`Budget::when`].
    fn when(&self, cost: u32, now: Instant) -> Option<Instant> {
        let even_wait = self.even_wait(now);
        if even_wait > Duration::ZERO {
            return Some(now + even_wait);
        }
        let reserve = self.reserve(now);
        let wanted = self.used(now) + self.possible(cost, reserve);
        let missing = wanted.saturating_sub(self.limit().saturating_sub(reserve));
        if missing == 0 {
            return None;
        }
        let own = |missing: u32| {
            let sum = self.returned_by(now) + u64::from(missing);
            let index = self.spent.partition_point(|(_, upto)| *upto < sum);
            self.spent.get(index).map(|(free_at, _)| *free_at)
        };
        let foreign = self.foreign(now);
        let with_foreign = self
            .foreign
            .filter(|_| foreign > 0)
            .and_then(|(_, until)| Some(until.max(own(missing.saturating_sub(foreign))?)));
        match (own(missing), with_foreign) {
            (Some(one), Some(other)) => Some(one.min(other)),
            (one, other) => one.or(other),
        }
    }

    /// How much can be spent by then; see [`Budget::free_by`].
    fn free_by(&self, cost: u32, then: Instant, now: Instant) -> u64 {
        let free = self.returns_by(then, now);
        if !self.is_pressed(now) {
            return free;
        }
        // What comes back at once is spent evenly from there on.
        let pace = self.pace().as_nanos().max(1);
        let round = self.rule.length + self.flight;
        let begin = now + self.even_wait(now);
        let looks = (1..=LOOKS).map(|look| {
            let since = (then - round * look / LOOKS).max(begin);
            let even = then.saturating_duration_since(since).as_nanos() / pace;
            let even = u64::try_from(even).unwrap_or(u64::MAX);
            self.returns_by(since, now).saturating_add(even)
        });
        let even = then.saturating_duration_since(begin) + AHEAD;
        let even = u64::try_from(even.as_nanos() / pace).unwrap_or(u64::MAX);
        // The next call goes when those before it are spent evenly, whatever it costs.
        let even = looks.fold(even, u64::min).saturating_add(u64::from(cost));
        free.min(even)
    }

    /// How much comes back by then if all of it is spent at once.
    fn returns_by(&self, then: Instant, now: Instant) -> u64 {
        let limit = u64::from(self.limit().saturating_sub(self.reserve(now)));
        // A credit is gone for the length and the flight, then the window looks as it does now.
        let round = self.rule.length + self.flight;
        let rounds = rounds(round, then, now);
        let within = then - round * u32::try_from(rounds).unwrap_or(u32::MAX);
        let used = u64::from(self.reserved) + self.total - self.returned_by(within)
            + u64::from(self.foreign(within));
        limit * rounds + limit.saturating_sub(used)
    }

    /// Time until all that is spent by now is free again.
    fn reset(&self, now: Instant) -> Duration {
        if self.calls > 0 {
            return self.rule.length;
        }
        let own = self.spent.back().map(|(free_at, _)| *free_at);
        let foreign = self.foreign.map(|(_, until)| until);
        own.max(foreign).map_or(Duration::ZERO, |free_at| {
            free_at.saturating_duration_since(now)
        })
    }

    /// Writes down a call as answered now. The vendor may have counted it as late as this.
    fn spend(&mut self, cost: u32, flight: Duration, now: Instant) {
        self.flight = (self.flight * 7 + flight) / 8;
        self.answered_at = Some(now);
        self.total += u64::from(cost);
        // In order also where the time of an answer was taken before that of another one which was noted first.
        let last = self.spent.back().map_or(now, |(free_at, _)| *free_at);
        self.spent
            .push_back((last.max(now + self.rule.length), self.total));
    }

    /// Believes what the vendor tells of a time since the call was sent.
    fn learn(&mut self, told: &Told, sent_at: Instant, now: Instant) {
        self.told_at = Some(now);
        // A limit of nothing would never be asked about again.
        self.limit = told.limit.map(|limit| limit.max(1)).or(self.limit);
        let Some(remaining) = told.remaining else {
            return;
        };
        let foreign = self
            .limit()
            .saturating_sub(remaining)
            // What has come back since may have been in the window when the vendor looked.
            .saturating_sub(self.own(sent_at));
        let until = told.reset.map_or(now + self.rule.length, |reset| {
            now + reset.min(LONGEST_RESET) + ROUNDING
        });
        self.foreign = (foreign > 0).then_some((foreign, until));
        if foreign > 0 {
            self.foreign_seen = Some(now);
        }
    }

    /// Forgets the credits that came back longer ago than any call is in flight.
    fn forget(&mut self, now: Instant) {
        while let Some((free_at, upto)) = self.spent.front()
            && *free_at + self.rule.length <= now
        {
            self.returned = *upto;
            self.spent.pop_front();
        }
    }

    /// Whether nothing would be lost with it.
    fn is_idle(&self, now: Instant) -> bool {
        self.calls == 0 && self.reset(now).is_zero()
    }
}

/// How many whole lengths fit until then.
fn rounds(length: Duration, then: Instant, now: Instant) -> u64 {
    let wait = then.saturating_duration_since(now);
    u64::try_from(wait.as_nanos() / length.as_nanos().max(1)).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    static RULE: WindowRule = WindowRule {
        name: "account",
        length: Duration::from_mins(1),
        assumed: 20,
    };

    #[test]
    fn credits_come_back_no_sooner_for_being_noted_out_of_order() {
        let mut budget = Budget::default();
        let begun = Instant::now();
        let charge = || {
            vec![Charge {
                rule: &RULE,
                of: None,
                cost: 5,
            }]
        };
        let slow = budget.reserve(charge(), begun);
        let quick = budget.reserve(charge(), begun);
        let later = begun + Duration::from_secs(10);
        budget.answered(&slow, &[], None, later);
        budget.answered(&quick, &[], None, begun);
        let rest = budget.reserve(
            vec![Charge {
                rule: &RULE,
                of: None,
                cost: 10,
            }],
            later,
        );
        budget.answered(&rest, &[], None, later);

        let before = later + RULE.length - Duration::from_millis(1);

        assert!(budget.fits(&charge(), before).is_err());
        assert!(budget.fits(&charge(), later + RULE.length).is_ok());
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(1_000))]
        #[test]
        fn no_window_of_any_phase_is_ever_exceeded(
            steps in prop::collection::vec((0_u64..8_000, 1_u32..6, 0_u64..800, 0_u64..100), 1..80),
        ) {
            let mut budget = Budget::default();
            let mut now = Instant::now();
            let mut flying: Vec<(Instant, Reservation)> = Vec::new();
            let mut counted: Vec<(Instant, u32)> = Vec::new();
            for (pause, cost, flight, part) in steps {
                now += Duration::from_millis(pause / 4);
                while let Some(index) = flying.iter().position(|(at, _)| *at <= now) {
                    let (at, reservation) = flying.swap_remove(index);
                    budget.answered(&reservation, &[], None, at);
                }
                let charges = vec![Charge { rule: &RULE, of: None, cost }];
                if budget.fits(&charges, now).is_ok() {
                    counted.push((now + Duration::from_millis(flight * part / 100), cost));
                    flying.push((now + Duration::from_millis(flight), budget.reserve(charges, now)));
                }
            }
            for (begin, _) in &counted {
                let end = *begin + RULE.length;
                let within = counted.iter().filter(|(at, _)| at >= begin && *at < end);
                let sum: u32 = within.map(|(_, cost)| cost).sum();
                prop_assert!(sum <= RULE.assumed, "{sum}");
            }
        }
    }
}
