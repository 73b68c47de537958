//! What a promise is tried on: a gateway, a help desk behind it, and the line between them.

use std::time::Duration;

use deskgate::model::id::{CommentId, TicketId};
use serde_json::{Value, json};

use crate::desks::{HelpDesk, Setup};
use crate::support::upstream::Wire;
use crate::support::{TestApp, clock};

/// It.
pub(crate) struct Lab<D> {
    /// The gateway.
    pub(crate) app: TestApp,
    /// The help desk.
    pub(crate) desk: D,
    /// The line between them.
    pub(crate) wire: Wire,
}

impl<D: HelpDesk> Lab<D> {
    /// A help desk with 40 tickets.
    pub(crate) async fn start() -> Self {
        Self::with(40, 7).await
    }

    /// A help desk with this many tickets.
    pub(crate) async fn with(tickets: u32, seed: u64) -> Self {
        let clock = clock();
        let setup = Setup {
            tickets,
            seed,
            habit: 0,
        };
        let desk = D::start(setup, clock.clone()).await;
        let wire = Wire::to(desk.transport());
        let app = TestApp::of::<D>(wire.transport(), clock).await;
        Self { app, desk, wire }
    }

    /// Puts another help desk in place of this one. A day goes by: nothing of the old one is remembered.
    pub(crate) async fn exchange(&mut self, setup: Setup) {
        self.app.clock.advance(Duration::from_hours(24));
        self.desk = D::start(setup, self.app.clock.clone()).await;
        self.wire.redirect(self.desk.transport());
        self.restart();
    }

    /// Starts the gateway anew: what it has learned of the help desk's health and limits is forgotten.
    pub(crate) fn restart(&self) {
        self.app.restart();
    }

    /// Has time jump over every wait of the gateway.
    pub(crate) fn in_still_time(self) -> Self {
        Self {
            app: self.app.in_still_time(),
            ..self
        }
    }

    /// A ticket that the connected agent makes through the gateway: its address below the account.
    pub(crate) async fn ticket(&self) -> (String, Value) {
        let made = self.app.post("/tickets", new_ticket()).await.expect(201);
        (address(&made), made)
    }

    /// A comment that is made through the gateway: its address below the account.
    pub(crate) async fn comment(&self, ticket: &str, public: bool) -> (String, Value) {
        let body = json!({ "content": "<p>ünï ☕</p>", "public": public });
        let comments = format!("{ticket}/comments");
        let made = self.app.post(&comments, body).await.expect(201);
        let id = made["id"].as_str().unwrap();
        (format!("{comments}/{id}"), made)
    }

    /// Lets time pass, so that nothing is of the second that runs.
    pub(crate) fn wait(&self) {
        self.app.clock.advance(Duration::from_secs(10));
    }

    /// Walks a list to its end: what it showed, and the last page.
    pub(crate) async fn walk(&self, list: &str) -> (Vec<Value>, Value) {
        let mut objects = Vec::new();
        let mut page = String::new();
        let sign = if list.contains('?') { '&' } else { '?' };
        for _ in 0..5000 {
            let answer = self.app.get(&format!("{list}{page}")).await.expect(200);
            let shown = answer["objects"].as_array().unwrap();
            assert_eq!(answer["count"], shown.len());
            objects.extend(shown.iter().cloned());
            let Some(next) = answer["next_page"].as_str() else {
                return (objects, answer);
            };
            assert!(!shown.is_empty(), "an empty page has a successor");
            assert!(next.len() <= 512);
            page = format!("{sign}page={next}");
        }
        panic!("the walk of {list} does not end");
    }
}

/// A ticket that any help desk takes.
pub(crate) fn new_ticket() -> Value {
    json!({
        "subject": "Café <b>order</b> ☕", "description": "<p>Grüße 🌍 \"quoted\" \\ back</p>",
        "requester": { "email": "new.person@example.com", "name": "New Person" },
    })
}

/// A ticket's address below the account.
pub(crate) fn address(ticket: &Value) -> String {
    format!("/tickets/{}", ticket["id"].as_str().unwrap())
}

/// The help desk's id of a ticket of ours.
pub(crate) fn upstream(ticket: &Value) -> String {
    let id: TicketId = ticket["id"].as_str().unwrap().parse().unwrap();
    id.upstream().to_owned()
}

/// The help desk's id of a comment of ours.
pub(crate) fn upstream_comment(comment: &Value) -> String {
    let id: CommentId = comment["id"].as_str().unwrap().parse().unwrap();
    id.upstream().to_owned()
}

/// Our id of a help desk's ticket.
pub(crate) fn public(ticket: &str) -> String {
    TicketId::from_upstream(ticket.to_owned()).to_string()
}

/// Lets a property test's cases run one after another, in time that this thread alone moves.
pub(crate) fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap()
}
