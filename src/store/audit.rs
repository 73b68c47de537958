//! The audit log: who did what with which account, and what came of it. Nothing of what was sent or read.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use jiff::Timestamp;
use sqlx::QueryBuilder;
use uuid::{NoContext, Uuid};

use crate::model::id::AccountId;
use crate::store::applications::ApplicationId;
use crate::store::error::StoreError;
use crate::store::{Store, read_time};

/// The table, for messages about it.
const TABLE: &str = "audit";
/// Entries that one statement adds at most: some thousand values, which both databases take.
const AT_ONCE: usize = 100;

/// One request, as far as it is written down.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// The application in whose name it came.
    pub application: ApplicationId,
    /// When it was answered.
    pub happened_at: Timestamp,
    /// Who came: `key:` and the public half of an API key, or `token:` and the id of an access token.
    pub actor: String,
    /// Its verb.
    pub method: String,
    /// The template of its address.
    pub route: String,
    /// The account that it named.
    pub account: Option<AccountId>,
    /// How it was answered.
    pub status: u16,
    /// Why it was refused.
    pub error_code: Option<String>,
    /// Its id, as in the log.
    pub request_id: String,
}

/// An entry with its name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredEntry {
    /// Names it.
    pub id: String,
    /// What it says.
    pub entry: Entry,
}

/// Which entries are wanted.
#[derive(Debug, Clone)]
pub struct AuditQuery {
    /// Of this application.
    pub application: ApplicationId,
    /// About this account only.
    pub account: Option<AccountId>,
    /// Not before.
    pub since: Option<Timestamp>,
    /// Before.
    pub until: Option<Timestamp>,
    /// Older than what was read already.
    pub before: Option<AuditPosition>,
    /// How many at most.
    pub limit: u32,
}

/// A place in the order of entries, the newest first. As text it is `<unix milliseconds>-<id>`, for a page token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditPosition {
    /// When the last entry that was read happened.
    happened_at: i64,
    /// Its name.
    id: String,
}

/// Says that a text is not a position.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a position in the audit log reads <milliseconds>-<id>")]
pub struct NotAPosition;

impl From<&StoredEntry> for AuditPosition {
    fn from(stored: &StoredEntry) -> Self {
        Self {
            happened_at: stored.entry.happened_at.as_millisecond(),
            id: stored.id.clone(),
        }
    }
}

impl fmt::Display for AuditPosition {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}-{}", self.happened_at, self.id)
    }
}

impl FromStr for AuditPosition {
    type Err = NotAPosition;

    fn from_str(text: &str) -> Result<Self, NotAPosition> {
        let (happened_at, id) = text.split_once('-').ok_or(NotAPosition)?;
        Ok(Self {
            happened_at: happened_at.parse().map_err(|_| NotAPosition)?,
            id: id.to_owned(),
        })
    }
}

/// A row of `audit`.
#[derive(sqlx::FromRow)]
struct Row {
    /// Its name.
    id: String,
    /// Whose.
    application_id: String,
    /// Unix milliseconds.
    happened_at: i64,
    /// Who.
    actor: String,
    /// The verb.
    method: String,
    /// The template of the address.
    route: String,
    /// The account.
    account_id: Option<i64>,
    /// The answer's status.
    status: i64,
    /// Why it was refused.
    error_code: Option<String>,
    /// The request's id.
    request_id: String,
}

impl Store {
    /// Adds entries.
    pub async fn insert_audit(&self, entries: &[Entry]) -> Result<(), StoreError> {
        /// Adds as many as there are values behind it.
        const INSERT: &str = "
            insert into audit
                (id, application_id, happened_at, actor, method, route, account_id, status, error_code, request_id) ";

        for entries in entries.chunks(AT_ONCE) {
            on_db!(&self.db, |pool| {
                let mut insert = QueryBuilder::new(INSERT);
                insert.push_values(entries, |mut row, entry| {
                    row.push_bind(name(entry.happened_at))
                        .push_bind(entry.application.as_str())
                        .push_bind(entry.happened_at.as_millisecond())
                        .push_bind(&entry.actor)
                        .push_bind(&entry.method)
                        .push_bind(&entry.route)
                        .push_bind(entry.account.map(|account| account.get().cast_signed()))
                        .push_bind(i64::from(entry.status))
                        .push_bind(&entry.error_code)
                        .push_bind(&entry.request_id);
                });
                insert.build().execute(pool).await.map(drop)
            })?;
        }
        Ok(())
    }

    /// Reads entries of one application, the newest first.
    pub async fn list_audit(&self, query: AuditQuery) -> Result<Vec<StoredEntry>, StoreError> {
        /// A page of them.
        const LIST: &str = "
            select id, application_id, happened_at, actor, method, route, account_id, status, error_code, request_id
            from audit
            where application_id = $1 and (happened_at, id) < ($2, $3)
                and happened_at >= $4 and happened_at < $5
                and coalesce(account_id, 0) = coalesce($6, account_id, 0)
            order by happened_at desc, id desc
            limit $7";

        let AuditQuery {
            application,
            account,
            since,
            until,
            before,
            limit,
        } = query;
        let before = before.unwrap_or(AuditPosition {
            happened_at: i64::MAX,
            id: String::new(),
        });
        let rows: Vec<Row> = on_db!(&self.db, |pool| sqlx::query_as(LIST)
            .bind(application.as_str())
            .bind(before.happened_at)
            .bind(before.id)
            .bind(since.map_or(i64::MIN, Timestamp::as_millisecond))
            .bind(until.map_or(i64::MAX, Timestamp::as_millisecond))
            .bind(account.map(|account| account.get().cast_signed()))
            .bind(i64::from(limit))
            .fetch_all(pool)
            .await)?;
        rows.into_iter().map(StoredEntry::try_from).collect()
    }

    /// Forgets what is older than this, some at a time; says how much it was.
    pub async fn forget_old_audit(&self, kept_for: Duration) -> Result<u64, StoreError> {
        /// Deletes the oldest.
        const DELETE: &str = "
            delete from audit
            where id in (select id from audit where id < $1 order by id limit 1000)";

        let kept_for = i64::try_from(kept_for.as_millis()).unwrap_or(i64::MAX);
        // Names begin with their time.
        let oldest = format!("{:012x}", self.now().saturating_sub(kept_for).max(0));
        let rows = on_db!(&self.db, |pool| sqlx::query(DELETE)
            .bind(oldest)
            .execute(pool)
            .await
            .map(|done| done.rows_affected()))?;
        Ok(rows)
    }
}

/// A new name for what happened at a time: the time in hexadecimal milliseconds, then chance. So names are added at the end.
fn name(at: Timestamp) -> String {
    let seconds = u64::try_from(at.as_second()).unwrap_or_default();
    let nanos = u32::try_from(at.subsec_nanosecond()).unwrap_or_default();
    let time = uuid::Timestamp::from_unix(NoContext, seconds, nanos);
    Uuid::new_v7(time).simple().to_string()
}

impl TryFrom<Row> for StoredEntry {
    type Error = StoreError;

    fn try_from(row: Row) -> Result<Self, StoreError> {
        let wrong = |column| StoreError::Row {
            table: TABLE,
            column,
        };
        let account = match row.account_id {
            None => None,
            Some(id) => {
                let id = u64::try_from(id).ok().and_then(AccountId::new);
                Some(id.ok_or_else(|| wrong("account_id"))?)
            }
        };
        let entry = Entry {
            application: ApplicationId::from_row(&row.application_id, TABLE, "application_id")?,
            happened_at: read_time(row.happened_at, TABLE)?,
            actor: row.actor,
            method: row.method,
            route: row.route,
            account,
            status: u16::try_from(row.status).map_err(|_| wrong("status"))?,
            error_code: row.error_code,
            request_id: row.request_id,
        };
        Ok(Self { id: row.id, entry })
    }
}
