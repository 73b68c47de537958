//! A help desk, a gateway in front of it, and what goes wrong between them.

use std::time::Duration;

use deskgate::clock::Clock;
use http::StatusCode;

use super::dice::Dice;
use super::faults::{Schedule, Shares};
use super::gateway::Gateway;
use super::inside::{Inside, Written};
use super::vendor::Vendor;
use crate::desks::Setup;

/// Tickets that are there for replies.
const TICKETS: usize = 4;

/// It.
pub(crate) struct Stage<D> {
    /// The help desk.
    pub(crate) desk: D,
    /// The way to it.
    pub(crate) vendor: Vendor,
    /// The gateway.
    pub(crate) gateway: Gateway,
    /// The tickets that are there for replies.
    pub(crate) tickets: Vec<String>,
    /// The address of somebody who asks.
    pub(crate) requester: String,
}

impl<D: Inside> Stage<D> {
    /// Sets it. Which of its undocumented behaviours the help desk shows is up to the seed.
    pub(crate) async fn set(seed: u64, shares: Shares, settle_after: u64) -> Self {
        let habit = u8::try_from(Dice::of(seed, "habit").below(256)).unwrap();
        let setup = Setup {
            tickets: 0,
            seed,
            habit,
        };
        let desk = D::start(setup, Clock::system()).await;
        let mut tickets = Vec::new();
        for number in 0..TICKETS {
            tickets.push(desk.create(&format!("for replies {number}"), 60).await);
        }
        let requester = desk.cast().await.customer.1;
        let vendor = Vendor::start(desk.router(), Schedule::new(seed, shares));
        let gateway = Gateway::start::<D>(vendor.address, settle_after).await;
        Self {
            desk,
            vendor,
            gateway,
            tickets,
            requester,
        }
    }

    /// All that was written through the gateway, and what was there before.
    pub(crate) fn written(&self) -> Vec<Written> {
        let comments = self
            .tickets
            .iter()
            .flat_map(|ticket| self.desk.written_comments(ticket));
        let tickets = self.desk.written_tickets();
        tickets.into_iter().chain(comments).collect()
    }

    /// How often a text is there.
    pub(crate) fn count(&self, text: &str) -> usize {
        let written = self.written().into_iter();
        written.filter(|one| one.text.contains(text)).count()
    }

    /// The writes with this text in them that the help desk has carried out.
    pub(crate) fn writes(&self, text: &str) -> usize {
        let carried = self.vendor.carried(text).into_iter();
        let writes = carried.filter(|one| {
            let is_taken = one.status == StatusCode::CREATED || one.status == StatusCode::OK;
            is_taken && !one.said.starts_with("GET ")
        });
        writes.count()
    }

    /// Waits until nothing is to come any more.
    pub(crate) async fn calm_down(&self) {
        self.vendor.calm_down().await;
        // The gateway's own requests, if any, have ended by now or are cut off.
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}
