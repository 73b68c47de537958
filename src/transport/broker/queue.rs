//! The line: who stands where, who may go, and who is told to come back.

use std::collections::{BTreeMap, HashMap};
use std::ops::Bound;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::oneshot;
use tokio::time::Instant;

use crate::transport::broker::{Admission, Ask, Bounds, Class, GLANCE, Place, Refused};
use crate::transport::budget::{Budget, Charge, Obstacle, Reservation};

/// How many interactive calls go before a batch call of the same cost.
const BATCH_FACTOR: u64 = 4;
/// How much earlier than told a client may come back for its booking.
const EARLY: Duration = Duration::from_secs(1);
/// How much later than told a client may come back for its booking.
const GRACE: Duration = Duration::from_secs(10);
/// Bookings of one caller, so that one that never comes back does not take them all.
const MAX_BOOKINGS_OF_ONE: usize = 256;
/// How much more than is known of is taken to come before a call whose wait is predicted.
const CAUTION: f64 = 1.2;
/// What a caller was served is averaged over this time.
const MEMORY: Duration = Duration::from_mins(1);
/// The farthest that a wait is predicted.
const HORIZON: Duration = Duration::from_hours(4);

/// The windows of a line, by name.
pub(super) type LineName = Vec<&'static str>;
/// A tag, and a number that makes it unique.
pub(super) type Position = (u64, u64);
/// Where a waiter stands.
pub(super) type Spot = (LineName, Position);
/// Tells a waiter that it may send.
pub(super) type Grant = oneshot::Sender<Admission>;

/// A call that waits or will come back.
#[derive(Debug)]
pub(super) struct Request {
    /// Who wants it.
    pub(super) caller: Arc<str>,
    /// How urgent it is.
    pub(super) class: Class,
    /// What it takes.
    pub(super) charges: Vec<Charge>,
    /// Its tag for each charge; at least one. The first ranks it among lines, the last in its own.
    pub(super) tags: Vec<u64>,
    /// Its number among all, which decides between equal tags. It keeps it when it comes back.
    pub(super) number: u64,
    /// How long it was ready to wait.
    pub(super) patience: Duration,
    /// When it entered the line.
    pub(super) entered: Instant,
    /// Whether it was told that it would succeed.
    pub(super) is_promised: bool,
}

impl Request {
    /// The names of the windows that it takes from, with the credits. A call without any counts as one.
    pub(super) fn shares(charges: &[Charge]) -> impl Iterator<Item = (&'static str, u32)> {
        let nothing = charges.is_empty().then_some(("", 1));
        let charges = charges.iter().map(|charge| (charge.rule.name, charge.cost));
        charges.chain(nothing)
    }

    /// The windows of its line.
    pub(super) fn line(&self) -> LineName {
        self.charges.iter().map(|charge| charge.rule.name).collect()
    }

    /// Whether both stand in the same line.
    pub(super) fn is_in_line_with(&self, other: &Self) -> bool {
        let names = |request: &Self| request.line();
        names(self) == names(other)
    }

    /// Whether it goes before another one.
    pub(super) fn is_before(&self, other: &Self) -> bool {
        if self.is_in_line_with(other) {
            (self.tags.last(), self.number) < (other.tags.last(), other.number)
        } else {
            (self.tags.first(), self.number) < (other.tags.first(), other.number)
        }
    }
}

/// A refused call that was told when to come back.
#[derive(Debug)]
pub(super) struct Booking {
    /// The call.
    pub(super) request: Request,
    /// When it was told to come back.
    pub(super) due: Instant,
}

/// What a caller has had of a window.
#[derive(Debug)]
pub(super) struct Tab {
    /// The tag of its last call.
    last: u64,
    /// Credits per second, averaged.
    rate: f64,
    /// When the average was taken.
    at: Instant,
}

impl Tab {
    /// Credits per second, averaged until now.
    pub(super) fn rate(&self, now: Instant) -> f64 {
        let age = now.saturating_duration_since(self.at).as_secs_f64();
        self.rate * (-age / MEMORY.as_secs_f64()).exp()
    }
}

/// All that changes in a broker.
#[derive(Debug, Default)]
pub(super) struct State {
    /// What may be spent.
    pub(super) budget: Budget,
    /// Those who wait.
    pub(super) lines: BTreeMap<LineName, BTreeMap<Position, (Request, Grant)>>,
    /// How many they are.
    pub(super) waiting: usize,
    /// Those who were told to come back.
    pub(super) bookings: Vec<Booking>,
    /// What each caller has had of each window.
    pub(super) tabs: HashMap<(Arc<str>, Class, &'static str), Tab>,
    /// The virtual time of each window: the tag at which the last call was let through.
    pub(super) clocks: HashMap<&'static str, u64>,
    /// Calls let through and not settled.
    pub(super) in_flight: usize,
    /// The number of the next waiter.
    pub(super) number: u64,
    /// When to look at the line again, if anybody waits.
    pub(super) wake: Option<Instant>,
    /// Whether the pacer runs.
    pub(super) is_paced: bool,
    /// When what is over was forgotten.
    pub(super) swept: Option<Instant>,
}

impl State {
    /// Puts a call into its line.
    pub(super) fn enter(
        &mut self,
        ask: Ask,
        bounds: Bounds,
        now: Instant,
    ) -> Result<(Spot, oneshot::Receiver<Admission>), Refused> {
        let Ask {
            caller,
            class,
            charges,
            until,
            place,
        } = ask;
        if self.waiting >= bounds.waiting && place == Place::First {
            return Err(Refused {
                retry_after: GLANCE,
                is_full: true,
            });
        }
        let patience = until.saturating_duration_since(now);
        let booking = self.booking(&caller, class, &charges, now);
        let mut request = match booking {
            Some(request) if place == Place::First => request,
            _ => {
                let mut tags = self.charge(&caller, class, &charges, now);
                if place == Place::Further {
                    tags.fill(0);
                }
                self.number += 1;
                Request {
                    caller,
                    class,
                    charges,
                    tags,
                    number: self.number,
                    patience,
                    entered: now,
                    is_promised: place == Place::Further,
                }
            }
        };
        request.entered = now;
        let tag = request.tags.last().copied().unwrap_or_default();
        let spot = (request.line(), (tag, request.number));
        let (grant, granted) = oneshot::channel();
        let line = self.lines.entry(spot.0.clone()).or_default();
        line.insert(spot.1, (request, grant));
        self.waiting += 1;
        Ok((spot, granted))
    }

    /// Takes somebody out of the line, unless it is gone already.
    pub(super) fn leave(&mut self, spot: &Spot) -> Option<Request> {
        let line = self.lines.get_mut(&spot.0)?;
        let hurried = (0, spot.1.1);
        let (request, _) = line.remove(&spot.1).or_else(|| line.remove(&hurried))?;
        self.waiting -= 1;
        Some(request)
    }

    /// Whether a waiter's windows were never heard of, and are about to be.
    pub(super) fn is_learning(&self, spot: &Spot, now: Instant) -> bool {
        let line = self.lines.get(&spot.0);
        self.budget.pause_left(now).is_none()
            && line
                .and_then(|line| line.get(&spot.1))
                .is_some_and(|(request, _)| self.budget.is_learning(&request.charges))
    }

    /// Refuses a waiter that would wait too long. One that was promised to succeed may try, unless the vendor has said
    /// stop for longer.
    pub(super) fn refuse_late(
        &mut self,
        spot: &Spot,
        until: Instant,
        bounds: Bounds,
        now: Instant,
    ) -> Option<Refused> {
        let (request, _) = self.lines.get(&spot.0)?.get(&spot.1)?;
        let is_late = now + self.wait(request, now) > until;
        let pause = self.budget.pause_left(now).unwrap_or_default();
        if is_late && (!request.is_promised || now + pause > until) {
            return self.refuse(spot, bounds, now);
        }
        None
    }

    /// Takes a waiter out of the line and books it, unless it is gone already.
    pub(super) fn refuse(&mut self, spot: &Spot, bounds: Bounds, now: Instant) -> Option<Refused> {
        let mut request = self.leave(spot)?;
        let fits = self.budget.fits(&request.charges, now).is_ok();
        // Half of its patience before its turn, so that neither it waits in vain nor the credits lie idle.
        let wait = self.wait(&request, now);
        let wait = wait.saturating_sub(request.patience / 2).as_secs_f64();
        let retry_after = Duration::from_secs_f64(wait.ceil().max(1.0));
        let of_caller = self
            .bookings
            .iter()
            .filter(|booking| booking.request.caller == request.caller);
        if of_caller.count() < MAX_BOOKINGS_OF_ONE {
            request.is_promised = true;
            self.bookings.push(Booking {
                request,
                due: now + retry_after,
            });
        } else {
            self.uncharge(&request);
        }
        Some(Refused {
            retry_after,
            // Otherwise it is the rate limit that is in the way.
            is_full: self.in_flight >= bounds.in_flight && fits,
        })
    }

    /// Takes up the booking of a call that comes back about when it was told to.
    pub(super) fn booking(
        &mut self,
        caller: &str,
        class: Class,
        charges: &[Charge],
        now: Instant,
    ) -> Option<Request> {
        let bookings = self.bookings.iter().enumerate();
        let (index, _) = bookings
            .filter(|(_, Booking { request, due })| {
                (*due <= now + EARLY && now <= *due + GRACE)
                    && (&*request.caller, request.class) == (caller, class)
                    && request.charges == charges
            })
            .min_by_key(|(_, booking)| booking.due)?;
        Some(self.bookings.swap_remove(index).request)
    }

    /// Lets through all who fit, in their order, and says when to look again.
    pub(super) fn dispatch(&mut self, bounds: Bounds, now: Instant) -> Vec<(Grant, Reservation)> {
        self.sweep(now);
        self.lines.retain(|_, line| !line.is_empty());
        self.wake = (!self.lines.is_empty()).then_some(now + GLANCE);
        let mut grants = Vec::new();
        // Lines that go on, each with whom it has come to.
        let mut open: Vec<(LineName, Bound<Position>)> = self
            .lines
            .keys()
            .map(|name| (name.clone(), Bound::Unbounded))
            .collect();
        let mut held = Vec::new();
        let mut pressed = Vec::new();
        while self.in_flight < bounds.in_flight {
            let heads = open.iter().enumerate().filter_map(|(index, (name, from))| {
                let mut line = self.lines.get(name)?.range((*from, Bound::Unbounded));
                let (position, (request, _)) = line.next()?;
                Some((request.tags.first(), position, index, request))
            });
            let Some((_, &position, index, request)) = heads.min_by_key(|head| (head.0, head.1.1))
            else {
                break;
            };
            open[index].1 = Bound::Excluded(position);
            if !held.is_empty() && request.charges.iter().any(|it| held.contains(&it.key())) {
                continue;
            }
            match self.budget.fits(&request.charges, now) {
                Ok(()) => {
                    let spot = (open[index].0.clone(), position);
                    grants.extend(self.grant(&spot, now));
                }
                Err(Obstacle::Pause) => break,
                Err(Obstacle::Window(lacking)) => {
                    let charge = &request.charges[lacking];
                    let wake = self.budget.when(charge, now);
                    self.wake = self.wake.min(wake.or(self.wake));
                    pressed.push(charge.clone());
                    if charge.of.is_some() {
                        held.push(charge.key());
                    } else {
                        open.retain(|(name, _)| !name.contains(&charge.rule.name));
                    }
                }
            }
        }
        for charge in pressed {
            self.budget.press(&charge, now);
        }
        if self.waiting == 0 {
            self.wake = None;
        }
        grants
    }

    /// Lets one through.
    pub(super) fn grant(&mut self, spot: &Spot, now: Instant) -> Option<(Grant, Reservation)> {
        let (request, grant) = self.lines.get_mut(&spot.0)?.remove(&spot.1)?;
        self.waiting -= 1;
        self.in_flight += 1;
        let shares = Request::shares(&request.charges);
        for ((name, cost), tag) in shares.zip(&request.tags) {
            let clock = self.clocks.entry(name).or_default();
            *clock = (*tag).max(*clock);
            let key = (Arc::clone(&request.caller), request.class, name);
            if let Some(tab) = self.tabs.get_mut(&key) {
                tab.rate = tab.rate(now) + f64::from(cost) / MEMORY.as_secs_f64();
                tab.at = now;
            }
        }
        Some((grant, self.budget.reserve(request.charges, now)))
    }

    /// Writes a call on its caller's tabs and returns its tags.
    pub(super) fn charge(
        &mut self,
        caller: &Arc<str>,
        class: Class,
        charges: &[Charge],
        now: Instant,
    ) -> Vec<u64> {
        let shares = Request::shares(charges);
        let tags = shares.map(|(name, cost)| {
            let clock = self.clock(name);
            let tab = self
                .tabs
                .entry((Arc::clone(caller), class, name))
                .or_insert(Tab {
                    last: 0,
                    rate: 0.0,
                    at: now,
                });
            let tag = tab.last.max(clock);
            tab.last = tag + virtual_cost(cost, class);
            tag
        });
        tags.collect()
    }

    /// The virtual time of a window. Calls that are not there yet to be let through hold it back: otherwise
    /// all of them would go before a caller that comes for the first time.
    pub(super) fn clock(&self, name: &str) -> u64 {
        let clock = self.clocks.get(name).copied().unwrap_or_default();
        let booked = self.bookings.iter().map(|booking| &booking.request);
        let tags = self.waiters().chain(booked).filter_map(|request| {
            let mut shares = Request::shares(&request.charges).zip(&request.tags);
            let (_, tag) = shares.find(|((window, _), _)| *window == name)?;
            (*tag > 0).then_some(*tag)
        });
        tags.min().map_or(clock, |tag| tag.min(clock))
    }

    /// Takes a call off its caller's tabs that will not be sent.
    pub(super) fn uncharge(&mut self, request: &Request) {
        for (name, cost) in Request::shares(&request.charges) {
            let key = (Arc::clone(&request.caller), request.class, name);
            if let Some(tab) = self.tabs.get_mut(&key) {
                tab.last = tab.last.saturating_sub(virtual_cost(cost, request.class));
            }
        }
    }

    /// How long a call will probably wait.
    pub(super) fn wait(&self, request: &Request, now: Instant) -> Duration {
        let windows = 0..request.charges.len();
        let waits = windows.map(|index| self.wait_for_window(request, index, now));
        let pause = self.budget.pause_left(now).unwrap_or_default();
        waits.max().unwrap_or_default().max(pause)
    }

    /// How long until one window has what a call takes, after those before it and those who will come
    /// before it: callers that are served are taken to go on, within their fair share.
    #[expect(
        clippy::cast_precision_loss,
        reason = "credits are far below the precision of f64"
    )]
    pub(super) fn wait_for_window(
        &self,
        request: &Request,
        index: usize,
        now: Instant,
    ) -> Duration {
        let charge = &request.charges[index];
        let mut lines: Vec<(&Request, u64)> = Vec::new();
        let mut callers: HashMap<(&str, Class), u64> = HashMap::new();
        let booked = self.bookings.iter().map(|booking| &booking.request);
        for other in self.waiters().chain(booked) {
            if std::ptr::eq(other, request) || !other.is_before(request) {
                continue;
            }
            let costs = other.charges.iter().filter(|it| it.key() == charge.key());
            let cost: u64 = costs.map(|charge| u64::from(charge.cost)).sum();
            if cost == 0 {
                continue;
            }
            *callers.entry((&other.caller, other.class)).or_default() += cost;
            match lines.iter_mut().find(|(one, _)| one.is_in_line_with(other)) {
                Some((_, credits)) => *credits += cost,
                None => lines.push((other, cost)),
            }
        }
        let name = charge.rule.name;
        let clock = self.clock(name);
        let until_its_turn = request.tags[index].saturating_sub(clock);
        let mut newcomers = Vec::new();
        for ((caller, class, window), tab) in &self.tabs {
            let is_own = (caller, *class) == (&request.caller, request.class);
            if *window == name && charge.of.is_none() && !is_own {
                let known = callers.get(&(&**caller, *class)).copied();
                let share = until_its_turn / virtual_cost(1, *class);
                newcomers.push((
                    tab.rate(now),
                    share as f64,
                    known.unwrap_or_default() as f64,
                ));
            }
        }
        let is_enough = |wait: Duration| {
            let then = now + wait;
            // A line cannot take more than its other windows give it.
            let known = lines.iter().map(|(one, credits)| {
                let others = one.charges.iter().filter(|it| it.rule.name != name);
                let others = others.filter(|it| it.of.is_none());
                let free = others.map(|it| self.budget.free_by(it, then, now));
                free.min().map_or(*credits, |free| free.min(*credits))
            });
            let unknown = newcomers.iter().map(|(rate, share, known)| {
                let expected = (rate * wait.as_secs_f64()).min(*share);
                (expected - known).max(0.0)
            });
            let before = CAUTION * (known.sum::<u64>() as f64 + unknown.sum::<f64>());
            self.budget.free_by(charge, then, now) as f64 >= before + f64::from(charge.cost)
        };
        let (mut short, mut long) = (Duration::ZERO, HORIZON);
        while long.saturating_sub(short) > Duration::from_millis(50) {
            let middle = (short + long) / 2;
            if is_enough(middle) {
                long = middle;
            } else {
                short = middle;
            }
        }
        long
    }

    /// All who wait.
    pub(super) fn waiters(&self) -> impl Iterator<Item = &Request> {
        let lines = self.lines.values();
        lines.flat_map(|line| line.values().map(|(request, _)| request))
    }

    /// Moves those to the front who were promised to succeed and have used up most of their patience. The
    /// promise was honest when it was given, so they are few.
    pub(super) fn hurry(&mut self, now: Instant) {
        for line in self.lines.values_mut() {
            let urgent = line.extract_if(.., |(tag, _), (request, _)| {
                let waited = now.saturating_duration_since(request.entered);
                *tag > 0 && request.is_promised && waited * 2 >= request.patience
            });
            let urgent: Vec<_> = urgent.collect();
            for ((_, number), (mut request, grant)) in urgent {
                request.tags.fill(0);
                line.insert((0, number), (request, grant));
            }
        }
    }

    /// Forgets, now and then, what is over: bookings nobody came for, callers long gone.
    pub(super) fn sweep(&mut self, now: Instant) {
        if self.swept.is_some_and(|swept| now < swept + GLANCE) {
            return;
        }
        self.swept = Some(now);
        self.hurry(now);
        let is_over = |booking: &mut Booking| now > booking.due + GRACE;
        let over: Vec<_> = self.bookings.extract_if(.., is_over).collect();
        for booking in over {
            self.uncharge(&booking.request);
        }
        let clocks = &self.clocks;
        self.tabs.retain(|(_, _, name), tab| {
            let clock = clocks.get(name).copied().unwrap_or_default();
            tab.last > clock || now < tab.at + 10 * MEMORY
        });
    }
}

/// What a call costs in virtual time.
fn virtual_cost(cost: u32, class: Class) -> u64 {
    let factor = match class {
        Class::Interactive => 1,
        Class::Batch => BATCH_FACTOR,
    };
    u64::from(cost) * factor
}
