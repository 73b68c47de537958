//! `/v1/audit`: what was done in an application's name; and how it is written down.
//!
//! Requests leave a note behind and do not wait for it: one task writes notes together, every second. What a process that
//! is killed has not written by then is lost; for writes the help desk, and the intents, tell what was done.

use std::collections::HashMap;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use axum::extract::State;
use axum::response::IntoResponse;
use http::StatusCode;
use http::request::Parts;
use jiff::Timestamp;
use serde::Serialize;
use tokio::sync::mpsc::{self, Receiver, Sender};
use tokio::time::{Instant, sleep};
use tokio_util::sync::CancellationToken;
use utoipa::{IntoParams, ToSchema};

use crate::desk::audit::AuditFilter;
use crate::error::Result;
use crate::http::Shared;
use crate::http::auth::Caller;
use crate::http::errors::Errors;
use crate::http::extract::{Json, Listing};
use crate::http::resource::List;
use crate::model::id::AccountId;
use crate::store::Store;
use crate::store::applications::ApplicationId;
use crate::store::audit::{Entry, StoredEntry};

/// How many notes wait to be written; further ones are lost, and counted.
const WAITING: usize = 10_000;
/// How many are written together: few enough that requests do not wait for the processor meanwhile.
const TOGETHER: usize = 100;
/// How often they are written.
const EVERY: Duration = Duration::from_secs(1);
/// How often while there are many.
const EVERY_OF_MANY: Duration = Duration::from_millis(10);
/// How exactly it is known when a key was used last.
const USE_NOTED_EVERY: Duration = Duration::from_mins(1);
/// How many keys it is known of.
const MAX_KEYS: usize = 10_000;

/// Who asks, and for which account: noted while a request is answered.
#[derive(Debug, Clone, Default)]
pub struct Trail(Arc<Noted>);

/// What is noted.
#[derive(Debug, Default)]
struct Noted {
    /// In whose name, and by whom.
    who: OnceLock<(ApplicationId, String)>,
    /// The account.
    account: OnceLock<AccountId>,
}

impl Trail {
    /// Notes who asks.
    pub fn caller(parts: &Parts, caller: &Caller) {
        if let Some(Self(noted)) = parts.extensions.get() {
            let _ = noted
                .who
                .set((caller.application().clone(), caller.actor()));
        }
    }

    /// Notes which account is meant.
    pub fn account(parts: &Parts, account: AccountId) {
        if let Some(Self(noted)) = parts.extensions.get() {
            let _ = noted.account.set(account);
        }
    }

    /// In whose name, and by whom.
    pub fn who(&self) -> Option<&(ApplicationId, String)> {
        self.0.who.get()
    }

    /// Which account was meant.
    pub fn about(&self) -> Option<AccountId> {
        self.0.account.get().copied()
    }
}

/// Takes notes. A clone writes into the same log.
#[derive(Debug, Clone, Default)]
pub struct Audit(Option<Sender<Entry>>);

impl Audit {
    /// Notes are written into this store by [`Writer::write`].
    pub fn into(store: Store, is_kept: bool) -> (Self, Writer) {
        let (sender, notes) = mpsc::channel(WAITING);
        let writer = Writer {
            notes,
            store,
            is_kept,
            used: HashMap::new(),
        };
        (Self(Some(sender)), writer)
    }

    /// Leaves a note behind.
    pub fn note(&self, entry: Entry) {
        if let Some(sender) = &self.0
            && sender.try_send(entry).is_err()
        {
            metrics::counter!("deskgate_audit_lost_total").increment(1);
        }
    }
}

/// Writes notes down.
pub struct Writer {
    /// What is to be written.
    notes: Receiver<Entry>,
    /// Where to.
    store: Store,
    /// Whether it is kept, or only when keys were used.
    is_kept: bool,
    /// When it was written that a key was used.
    used: HashMap<String, Instant>,
}

impl Writer {
    /// Writes until the end, and then what is left.
    pub async fn write(mut self, end: CancellationToken) {
        let mut batch = Vec::new();
        loop {
            let taken = tokio::select! {
                taken = self.notes.recv_many(&mut batch, TOGETHER) => taken,
                () = end.cancelled(), if !self.notes.is_closed() => {
                    self.notes.close();
                    continue;
                }
            };
            if taken == 0 {
                return;
            }
            self.write_down(&batch, &end).await;
            batch.clear();
            let pause = if taken < TOGETHER {
                EVERY
            } else if self.notes.len() < WAITING / 2 {
                EVERY_OF_MANY
            } else {
                Duration::ZERO
            };
            end.run_until_cancelled(sleep(pause)).await;
        }
    }

    /// Writes some notes. While the database does not answer it is tried again; notes wait in their queue meanwhile.
    async fn write_down(&mut self, batch: &[Entry], end: &CancellationToken) {
        while let Err(error) = self.try_to_write(batch).await {
            if !error.is_outage() || end.is_cancelled() {
                let lost = u64::try_from(batch.len()).unwrap_or(u64::MAX);
                metrics::counter!("deskgate_audit_lost_total").increment(lost);
                tracing::error!(%error, lost, "the audit log cannot be written");
                return;
            }
            tracing::warn!(%error, "the audit log waits for the database");
            end.run_until_cancelled(sleep(EVERY)).await;
        }
    }

    /// [`Self::write_down`], once.
    async fn try_to_write(
        &mut self,
        batch: &[Entry],
    ) -> std::result::Result<(), crate::store::error::StoreError> {
        if self.is_kept {
            self.store.insert_audit(batch).await?;
        }
        if self.used.len() > MAX_KEYS {
            self.used.clear();
        }
        for key in batch
            .iter()
            .filter_map(|entry| entry.actor.strip_prefix("key:"))
        {
            let noted = self.used.get(key);
            if noted.is_none_or(|at| at.elapsed() >= USE_NOTED_EVERY) {
                self.store.note_key_use(key).await?;
                self.used.insert(key.to_owned(), Instant::now());
            }
        }
        Ok(())
    }
}

/// One entry, as it is answered.
#[derive(Serialize, ToSchema)]
#[schema(as = AuditEntry)]
pub struct EntryObject {
    /// Names the entry.
    #[schema(example = "0d3a6c6f0c8b4a1f9a56b1f0c2a7d9e4")]
    id: String,
    /// Always `core`.
    #[schema(example = "core")]
    api: &'static str,
    /// Always `audit_entry`.
    #[serde(rename = "type")]
    #[schema(example = "audit_entry")]
    kind: &'static str,
    /// When the request was answered, ISO 8601 in UTC.
    #[schema(value_type = String, format = DateTime, example = "2026-11-20T20:00:00Z")]
    at: Timestamp,
    /// Who asked: `key:` and the middle part of an API key, or `token:` and the `jti` of an access token.
    #[schema(example = "key:m3x9v2k7q1ab")]
    actor: String,
    /// Verb of the request.
    #[schema(example = "GET")]
    method: String,
    /// Address of the request, with names in the place of ids.
    #[schema(example = "/v1/accounts/{account_id}/helpdesk/tickets")]
    route: String,
    /// The account that the request named.
    #[schema(required, value_type = Option<u64>, example = 90_817_234)]
    account_id: Option<AccountId>,
    /// The HTTP status of the answer.
    #[schema(example = 200)]
    status: u16,
    /// Why the request was refused or failed; null if it was not.
    #[schema(required, example = json!(null))]
    error_code: Option<String>,
    /// Id of the request, as in the header `X-Request-Id` and the log.
    #[schema(example = "9b62d9d8-7bc7-495b-b97a-33b43720274d")]
    request_id: String,
}

impl From<StoredEntry> for EntryObject {
    fn from(stored: StoredEntry) -> Self {
        let StoredEntry { id, entry } = stored;
        Self {
            id,
            api: "core",
            kind: "audit_entry",
            at: entry.happened_at,
            actor: entry.actor,
            method: entry.method,
            route: entry.route,
            account_id: entry.account,
            status: entry.status,
            error_code: entry.error_code,
            request_id: entry.request_id,
        }
    }
}

/// A page of entries.
pub type EntryList = List<EntryObject>;

/// What may be asked of the list, for the documentation.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(
    dead_code,
    reason = "stands for the documentation of parameters, which is generated from it"
)]
pub struct AuditParams {
    /// Requests that named this account only.
    #[param(example = 90_817_234)]
    account_id: Option<u64>,
    /// Requests answered at this time or later, ISO 8601.
    #[param(format = DateTime, example = "2026-11-20T00:00:00Z")]
    since: Option<String>,
    /// Requests answered before this time, ISO 8601.
    #[param(format = DateTime, example = "2026-11-21T00:00:00Z")]
    until: Option<String>,
    /// Which page: `next_page` of the page before. The filter goes with it.
    page: Option<String>,
    /// Most entries on a page.
    #[param(minimum = 1, maximum = 1000, default = 100)]
    page_size: Option<u16>,
}

/// Show the audit log
///
/// Each request that was made with one of the application's API keys or tokens, the newest first: who, what, which account, and
/// how it ended; nothing of what was sent or read. An entry is there some seconds after its request, and for 30 days, unless the
/// operator keeps them longer or shorter. Takes an API key.
#[utoipa::path(
    get, path = "/v1/audit", operation_id = "listAuditEntries", tag = "Access",
    params(AuditParams), security(("api_key" = [])),
    responses((status = 200, description = "A page of entries.", body = EntryList), Errors),
)]
pub async fn list_entries(
    State(edge): State<Shared>,
    caller: Caller,
    parts: Parts,
    Listing { request, .. }: Listing,
) -> Result<impl IntoResponse> {
    let application = caller.require_application()?;
    let filter = AuditFilter::read(parts.uri.query().unwrap_or_default())?;
    let (entries, next_page) = edge.desks.audit(application, filter, &request).await?;
    let objects = entries.into_iter().map(EntryObject::from).collect();
    Ok(Json(
        StatusCode::OK,
        List::of("core", request.page, objects, next_page),
    ))
}
