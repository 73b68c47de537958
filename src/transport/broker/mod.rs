//! The queue in front of one vendor host's budget: who may send next, and who is told to come back.
//!
//! Callers share by credits (start-time fair queuing): each request gets a tag for each of its windows, the
//! caller's last tag plus what it costs, and the smallest tag goes first. So a caller with a hundred
//! times the demand only waits longer itself. Requests that charge the same windows stand in one line. A
//! request that does not fit holds the window it lacks, so that nothing cheaper behind it takes what it
//! waits for; lines that do not use that window pass.
//!
//! Whoever would wait too long is refused at once and gets a booking: coming back when told, it stands
//! where it would have stood. What may be spent at all is decided in [`crate::transport::budget`].

mod queue;
#[cfg(test)]
mod tests;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::{Instant, sleep_until, timeout_at};
use tokio_util::task::TaskTracker;

use crate::transport::broker::queue::{Spot, State};
use crate::transport::budget::{Budget, Charge, Reservation, Standing, Told};

/// The longest pause a vendor can ask for.
const LONGEST_PAUSE: Duration = Duration::from_hours(1);
/// The pause after a 429 that does not tell one.
const USUAL_PAUSE: Duration = Duration::from_secs(10);
/// The line is looked at this often even if nothing happens.
const GLANCE: Duration = Duration::from_secs(1);

/// How urgent a call is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Class {
    /// Somebody is looking at it.
    Interactive,
    /// Nobody is.
    Batch,
}

/// Where a call enters the line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// The first call of a client's request: behind those that are due before it.
    First,
    /// A later one of a request that something was sent of already: in front of all.
    Further,
}

/// A call that somebody wants to send.
#[derive(Debug, Clone)]
pub struct Ask {
    /// Who wants it: an application.
    pub caller: Arc<str>,
    /// How urgent it is.
    pub class: Class,
    /// What it takes, from the widest window to the narrowest.
    pub charges: Vec<Charge>,
    /// Until when it may wait.
    pub until: Instant,
    /// Where it enters.
    pub place: Place,
}

/// A call was not let through in time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Refused {
    /// When the next try will succeed.
    pub retry_after: Duration,
    /// Whether the line itself is full, not only the vendor's budget.
    pub is_full: bool,
}

/// What one broker may hold.
#[derive(Debug, Clone, Copy)]
pub struct Bounds {
    /// Calls in flight to the host.
    pub in_flight: usize,
    /// Calls that wait.
    pub waiting: usize,
}

/// A broker's state, for people to look at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BrokerStanding {
    /// The vendor's windows.
    pub windows: Vec<Standing>,
    /// Interactive calls that wait.
    pub interactive: usize,
    /// Batch calls that wait.
    pub batch: usize,
    /// Refused calls that are expected back.
    pub booked: usize,
    /// Calls in flight.
    pub in_flight: usize,
    /// For how long nothing is sent, because the vendor said so.
    pub paused: Option<Duration>,
}

/// The queue in front of one vendor host.
#[derive(Debug)]
pub struct Broker {
    /// All that changes.
    state: Mutex<State>,
    /// Wakes the pacer.
    changed: Notify,
    /// Where the pacer runs.
    tracker: TaskTracker,
    /// What may be held.
    bounds: Bounds,
}

impl Broker {
    /// A queue with nobody in it. Its pacer runs on the tracker while somebody waits.
    pub fn new(bounds: Bounds, tracker: TaskTracker) -> Arc<Self> {
        Arc::new(Self {
            state: Mutex::default(),
            changed: Notify::new(),
            tracker,
            bounds,
        })
    }

    /// Waits until the call may be sent. Refuses at once if that would take longer than it may.
    ///
    /// Dropping the future leaves the line.
    pub async fn admit(self: &Arc<Self>, ask: Ask) -> Result<Admission, Refused> {
        let until = ask.until;
        let entered = self.change(|state, now| state.enter(ask, self.bounds, now));
        let (spot, mut granted) = entered?;
        if let Ok(admission) = granted.try_recv() {
            return Ok(admission.begun());
        }
        let waiting = Waiting {
            broker: self,
            spot: &spot,
        };
        if self.lock().is_learning(&spot, Instant::now()) {
            // The first answer is about to tell the true limits, so this is no time to foretell.
            let soon = until.min(Instant::now() + GLANCE);
            if let Ok(Ok(admission)) = timeout_at(soon, &mut granted).await {
                return Ok(admission.begun());
            }
        }
        if let Some(refused) =
            self.change(|state, now| state.refuse_late(&spot, until, self.bounds, now))
        {
            return Err(refused);
        }
        if let Ok(Ok(admission)) = timeout_at(until, &mut granted).await {
            return Ok(admission.begun());
        }
        if let Some(refused) = self.change(|state, now| state.refuse(&spot, self.bounds, now)) {
            return Err(refused);
        }
        // It left the line in the last moment, so the admission is there or just about to be.
        let admission = granted.await;
        drop(waiting);
        admission.map(Admission::begun).map_err(|_| Refused {
            retry_after: GLANCE,
            is_full: true,
        })
    }

    /// The windows and the line, for people to look at.
    pub fn standing(&self) -> BrokerStanding {
        let now = Instant::now();
        let state = self.lock();
        let of = |class| {
            let waiters = state.waiters();
            waiters.filter(|request| request.class == class).count()
        };
        BrokerStanding {
            windows: state.budget.standing(now),
            interactive: of(Class::Interactive),
            batch: of(Class::Batch),
            booked: state.bookings.len(),
            in_flight: state.in_flight,
            paused: state.budget.pause_left(now),
        }
    }

    /// Changes the state and lets through whom that makes room for.
    fn change<T>(self: &Arc<Self>, change: impl FnOnce(&mut State, Instant) -> T) -> T {
        let (result, grants) = {
            let mut state = self.lock();
            // Taken under the lock, so that the log is in order.
            let now = Instant::now();
            let result = change(&mut state, now);
            let wake = state.wake;
            let grants = state.dispatch(self.bounds, now);
            if let Some(next) = state.wake {
                if !state.is_paced {
                    state.is_paced = true;
                    self.tracker.spawn(Arc::clone(self).pace());
                } else if wake.is_none_or(|wake| next < wake) {
                    self.changed.notify_one();
                }
            }
            (result, grants)
        };
        for (grant, reservation) in grants {
            // Whoever is gone by now drops the admission, which gives it back.
            drop(grant.send(Admission {
                broker: Arc::clone(self),
                reservation: Some(reservation),
                is_begun: false,
            }));
        }
        result
    }

    /// Lets waiters through when credits come back with time, until nobody waits.
    async fn pace(self: Arc<Self>) {
        loop {
            let wake = {
                let mut state = self.lock();
                state.is_paced = state.wake.is_some();
                state.wake
            };
            let Some(wake) = wake else {
                return;
            };
            tokio::select! {
                () = sleep_until(wake) => self.change(|_, _| ()),
                // Somebody has changed the time to wake at.
                () = self.changed.notified() => (),
            }
        }
    }

    /// The state; one that panicked while it held it has left it whole.
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A call that may be sent. Dropped, it counts as sent and answered now.
#[derive(Debug)]
#[must_use = "the call counts as sent when this is dropped"]
pub struct Admission {
    /// Where it came from.
    broker: Arc<Broker>,
    /// What was reserved, until it is settled.
    reservation: Option<Reservation>,
    /// Whether somebody has it in hand who may send the call.
    is_begun: bool,
}

impl Admission {
    /// The vendor answered: what it told about its windows, and what the call has cost if it told.
    pub fn answered(self, told: &[Told], used: Option<u32>) {
        self.settle(|budget, reservation, now| budget.answered(reservation, told, used, now));
    }

    /// The vendor answered that there were too many calls.
    pub fn throttled(self, retry_after: Option<Duration>) {
        let pause = retry_after.unwrap_or(USUAL_PAUSE).min(LONGEST_PAUSE);
        self.settle(|budget, reservation, now| {
            budget.throttled(reservation, now + pause, now);
        });
    }

    /// The call was certainly not sent.
    pub fn not_sent(self) {
        self.settle(|budget, reservation, _| budget.give_back(reservation));
    }

    /// Hands it to whoever asked.
    fn begun(mut self) -> Self {
        self.is_begun = true;
        self
    }

    /// Ends the call.
    fn settle(mut self, settle: impl FnOnce(&mut Budget, &Reservation, Instant)) {
        self.end(settle);
    }

    /// Ends the call, if it has not ended.
    fn end(&mut self, settle: impl FnOnce(&mut Budget, &Reservation, Instant)) {
        if let Some(reservation) = self.reservation.take() {
            self.broker.change(|state, now| {
                state.in_flight -= 1;
                settle(&mut state.budget, &reservation, now);
            });
        }
    }
}

impl Drop for Admission {
    fn drop(&mut self) {
        if self.is_begun {
            self.end(Budget::lost);
        } else {
            self.end(|budget, reservation, _| budget.give_back(reservation));
        }
    }
}

/// Takes somebody out of the line who does not wait any more.
struct Waiting<'a> {
    /// Whose line.
    broker: &'a Arc<Broker>,
    /// Where in it.
    spot: &'a Spot,
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.broker.change(|state, _| {
            if let Some(request) = state.leave(self.spot) {
                state.uncharge(&request);
            }
        });
    }
}
