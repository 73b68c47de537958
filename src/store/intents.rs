//! Intents: what is meant to be done under an idempotency key, written down before a help desk is called.
//!
//! A row is `running` while somebody holds it, `done` once its answer is final, and `unknown` while a help desk may or
//! may not have carried it out. Whoever holds a row proves it with a random name at each step, so that a process which
//! lost its row to another one (it was stopped for too long) changes nothing any more.

use std::future::Future;
use std::time::Duration;

use aws_lc_rs::hmac;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::Timestamp;
use secrecy::{ExposeSecret as _, SecretString};
use serde::{Deserialize, Serialize};
use sqlx::FromRow;

use crate::model::id::AccountId;
use crate::store::applications::ApplicationId;
use crate::store::error::StoreError;
use crate::store::vault::Place;
use crate::store::{Store, later, random, read_time};

/// How long an answer is kept, counted from the last change of its row.
const KEPT_FOR: Duration = Duration::from_hours(24);

/// Characters of the random names of rows and of who holds them: 165 bits.
const NAME_LENGTH: usize = 32;

/// What is asked for, by whom, under which key.
#[derive(Debug, Clone)]
pub struct Asked {
    /// The application that asks.
    pub application: ApplicationId,
    /// The account that it asks of, if the address names one.
    pub account: Option<AccountId>,
    /// The idempotency key.
    pub key: String,
    /// The whole request as one text: verb, address and body.
    pub request: String,
}

/// A final answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Answer {
    /// The HTTP status.
    pub status: u16,
    /// The version of the ticket that it shows, if it shows one.
    pub etag: Option<String>,
    /// The body, byte for byte.
    pub body: String,
}

/// The right to do what a row says, until a time.
#[derive(Debug, Clone)]
pub struct Held {
    /// Name of the row; also the key for help desks that understand keys. Never the client's own.
    pub id: String,
    /// Proof of who holds it.
    holder: String,
    /// The account that it is about.
    account: i64,
    /// Hash of the request.
    request_hash: String,
    /// An earlier attempt that may have been carried out.
    pub doubt: Option<Doubt>,
}

/// An attempt of which nobody knows whether it was carried out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Doubt {
    /// When it was first about to be sent, by the gateway's clock.
    pub sent_at: Timestamp,
    /// When what is not there by then certainly did not happen.
    pub settles_at: Timestamp,
}

/// What a key stands for.
#[derive(Debug)]
pub enum Begun {
    /// Nothing so far, or something that is in doubt: it is the caller's to do.
    Yours(Held),
    /// The same, and somebody is doing it for at most this long.
    Running(Duration),
    /// The same, done.
    Done(Answer),
    /// Another request.
    Another,
}

/// A row, as far as a request under its key needs it.
#[derive(FromRow)]
struct Row {
    /// Its name.
    id: String,
    /// Hash of the request that it is for.
    request_hash: String,
    /// `running`, `unknown` or `done`.
    state: String,
    /// Who holds it.
    holder: String,
    /// Until when.
    held_until: i64,
    /// When it was first about to be sent.
    sent_at: Option<i64>,
    /// When what is not there by then did not happen.
    settles_at: Option<i64>,
    /// The final answer, sealed.
    answer: Option<String>,
    /// When it is forgotten.
    expires_at: i64,
}

/// Runs statements to their end whatever becomes of who asked for them: a client that goes away in the midst of a
/// step leaves no half of it.
async fn to_the_end<T: Send + 'static>(
    work: impl Future<Output = Result<T, StoreError>> + Send + 'static,
) -> Result<T, StoreError> {
    let runtime = tokio::runtime::Handle::current();
    let done = tokio::task::spawn_blocking(move || runtime.block_on(work)).await;
    done.map_err(|_| StoreError::Cancelled)?
}

impl Store {
    /// Takes what a key stands for, or says what has become of it. Whoever gets it holds it `at_most` so long; what was left
    /// behind in the midst counts as in doubt for another `settle_after` from now on.
    pub async fn begin_intent(
        &self,
        asked: Asked,
        at_most: Duration,
        settle_after: Duration,
    ) -> Result<Begun, StoreError> {
        let store = self.clone();
        to_the_end(async move { store.begin(&asked, at_most, settle_after).await }).await
    }

    /// [`Self::begin_intent`], statement by statement.
    async fn begin(
        &self,
        asked: &Asked,
        at_most: Duration,
        settle_after: Duration,
    ) -> Result<Begun, StoreError> {
        /// The row of a key.
        const FIND: &str = "
            select id, request_hash, state, holder, held_until, sent_at, settles_at, answer, expires_at
            from intents
            where application_id = $1 and account_id = $2 and key_hash = $3";
        /// Deletes a row that is too old, unless somebody has taken it meanwhile.
        const FORGET: &str = "
            delete from intents
            where id = $1 and holder = $2 and expires_at <= $3";

        let account = account_number(asked.account);
        let key_hash = self.hash("key", &asked.key);
        let request_hash = self.hash("request", &asked.request);
        loop {
            let now = self.now();
            let mut held = Held {
                id: random::draw_name(NAME_LENGTH),
                holder: random::draw_name(NAME_LENGTH),
                account,
                request_hash: request_hash.clone(),
                doubt: None,
            };
            let until = later(now, at_most);
            if self.insert_intent(asked, &held, &key_hash, until).await? {
                return Ok(Begun::Yours(held));
            }
            let row: Option<Row> = on_db!(&self.db, |pool| sqlx::query_as(FIND)
                .bind(asked.application.as_str())
                .bind(account)
                .bind(&key_hash)
                .fetch_optional(pool)
                .await)?;
            // It was released meanwhile.
            let Some(row) = row else { continue };
            let is_running = row.state == "running" && row.held_until > now;
            if row.expires_at <= now && !is_running {
                on_db!(&self.db, |pool| sqlx::query(FORGET)
                    .bind(&row.id)
                    .bind(&row.holder)
                    .bind(now)
                    .execute(pool)
                    .await
                    .map(drop))?;
                continue;
            }
            if row.request_hash != request_hash {
                return Ok(Begun::Another);
            }
            if let Some(sealed) = &row.answer {
                return self.open_answer(asked, &row.id, sealed).map(Begun::Done);
            }
            if is_running {
                let left = u64::try_from(row.held_until - now).unwrap_or_default();
                return Ok(Begun::Running(Duration::from_millis(left)));
            }
            // Left behind in the midst: what was sent may still arrive, however long ago that was.
            let settles_at = if row.state == "running" {
                row.sent_at.map(|_| later(now, settle_after))
            } else {
                row.settles_at
            };
            if self.take_over(&row, &held, until, settles_at).await? {
                held.id = row.id;
                held.doubt = match row.sent_at.zip(settles_at) {
                    None => None,
                    Some((sent_at, settles_at)) => Some(Doubt {
                        sent_at: read_time(sent_at, "intents")?,
                        settles_at: read_time(settles_at, "intents")?,
                    }),
                };
                return Ok(Begun::Yours(held));
            }
        }
    }

    /// Adds a row; says whether the key had none.
    async fn insert_intent(
        &self,
        asked: &Asked,
        held: &Held,
        key_hash: &str,
        until: i64,
    ) -> Result<bool, StoreError> {
        /// Adds a row unless the key has one.
        const INSERT: &str = "
            insert into intents
                (id, application_id, account_id, key_hash, request_hash, state, holder, held_until, created_at, expires_at)
            values ($1, $2, $3, $4, $5, 'running', $6, $7, $8, $9)
            on conflict (application_id, account_id, key_hash) do nothing";

        let now = self.now();
        let inserted = on_db!(&self.db, |pool| sqlx::query(INSERT)
            .bind(&held.id)
            .bind(asked.application.as_str())
            .bind(held.account)
            .bind(key_hash)
            .bind(&held.request_hash)
            .bind(&held.holder)
            .bind(until)
            .bind(now)
            .bind(later(now, KEPT_FOR))
            .execute(pool)
            .await
            .map(|done| done.rows_affected()))?;
        Ok(inserted == 1)
    }

    /// Takes a row over that nobody holds any more; says whether nobody else was quicker.
    async fn take_over(
        &self,
        row: &Row,
        held: &Held,
        until: i64,
        settles_at: Option<i64>,
    ) -> Result<bool, StoreError> {
        /// Takes it over from whoever held it last.
        const TAKE: &str = "
            update intents
            set state = 'running', holder = $3, held_until = $4, settles_at = $5, expires_at = $6
            where id = $1 and holder = $2 and state <> 'done'";

        let taken = on_db!(&self.db, |pool| sqlx::query(TAKE)
            .bind(&row.id)
            .bind(&row.holder)
            .bind(&held.holder)
            .bind(until)
            .bind(settles_at)
            .bind(later(self.now(), KEPT_FOR))
            .execute(pool)
            .await
            .map(|done| done.rows_affected()))?;
        Ok(taken == 1)
    }

    /// Notes that a call which must not be repeated is about to be sent. An error means that it must not be.
    pub async fn intent_is_sent(
        &self,
        held: &Held,
        settle_after: Duration,
    ) -> Result<(), StoreError> {
        /// Notes it; the first time stays.
        const SENT: &str = "
            update intents
            set sent_at = coalesce(sent_at, $3), settles_at = $4
            where id = $1 and holder = $2 and state = 'running'";

        let (store, held) = (self.clone(), held.clone());
        to_the_end(async move {
            let now = store.now();
            let rows = on_db!(&store.db, |pool| sqlx::query(SENT)
                .bind(&held.id)
                .bind(&held.holder)
                .bind(now)
                .bind(later(now, settle_after))
                .execute(pool)
                .await
                .map(|done| done.rows_affected()))?;
            if rows == 1 {
                Ok(())
            } else {
                Err(StoreError::NotHeld)
            }
        })
        .await
    }

    /// Notes that what was in doubt certainly did not happen.
    pub async fn intent_did_not_happen(&self, held: &Held) -> Result<(), StoreError> {
        /// As if nothing had been sent.
        const CLEAR: &str = "
            update intents
            set sent_at = null, settles_at = null
            where id = $1 and holder = $2 and state = 'running'";

        self.step(held, CLEAR).await
    }

    /// Lets a row go whose outcome nobody knows. What was sent by its last holder counts as not done after
    /// `settle_after`; without that the time stays that it had.
    pub async fn leave_intent_in_doubt(
        &self,
        held: &Held,
        settle_after: Option<Duration>,
    ) -> Result<(), StoreError> {
        /// Gives it to whoever comes next.
        const LEAVE: &str = "
            update intents
            set state = 'unknown', held_until = 0, settles_at = coalesce($3, settles_at)
            where id = $1 and holder = $2 and state = 'running'";

        let (store, held) = (self.clone(), held.clone());
        to_the_end(async move {
            let settles_at = settle_after.map(|after| later(store.now(), after));
            on_db!(&store.db, |pool| sqlx::query(LEAVE)
                .bind(&held.id)
                .bind(&held.holder)
                .bind(settles_at)
                .execute(pool)
                .await
                .map(drop))?;
            Ok(())
        })
        .await
    }

    /// Forgets a row of which certainly nothing happened: its key is free again.
    pub async fn release_intent(&self, held: &Held) -> Result<(), StoreError> {
        /// Deletes it.
        const DELETE: &str = "
            delete from intents
            where id = $1 and holder = $2 and state = 'running'";

        self.step(held, DELETE).await
    }

    /// Keeps the final answer, and what was made.
    pub async fn finish_intent(
        &self,
        asked: &Asked,
        held: &Held,
        object: Option<String>,
        answer: &Answer,
    ) -> Result<(), StoreError> {
        /// Keeps it. What was made stays with an intent that claimed it before.
        const FINISH: &str = "
            update intents
            set state = 'done', held_until = 0, status = $3, answer = $4, expires_at = $5,
                object = case
                    when exists (select 1 from intents as others where others.account_id = $6 and others.object = $7)
                    then object
                    else $7
                end
            where id = $1 and holder = $2 and state = 'running'";

        let text = serde_json::to_string(answer).map_err(|_| StoreError::Cipher)?;
        let sealed = self
            .vault
            .seal(place(asked, &held.id), &SecretString::from(text))?;
        let (store, held, status) = (self.clone(), held.clone(), i64::from(answer.status));
        to_the_end(async move {
            on_db!(&store.db, |pool| sqlx::query(FINISH)
                .bind(&held.id)
                .bind(&held.holder)
                .bind(status)
                .bind(&sealed)
                .bind(later(store.now(), KEPT_FOR))
                .bind(held.account)
                .bind(&object)
                .execute(pool)
                .await
                .map(drop))?;
            Ok(())
        })
        .await
    }

    /// Whether an object of the help desk is known to be what some intent made.
    pub async fn is_claimed(&self, held: &Held, object: &str) -> Result<bool, StoreError> {
        /// The intent that made it.
        const FIND: &str = "
            select id
            from intents
            where account_id = $1 and object = $2 and id <> $3";

        let (store, held, object) = (self.clone(), held.clone(), object.to_owned());
        to_the_end(async move {
            let found: Option<String> = on_db!(&store.db, |pool| sqlx::query_scalar(FIND)
                .bind(held.account)
                .bind(&object)
                .bind(&held.id)
                .fetch_optional(pool)
                .await)?;
            Ok(found.is_some())
        })
        .await
    }

    /// Takes an object of the help desk for what this intent made; says whether it was free.
    pub async fn claim(&self, held: &Held, object: &str) -> Result<bool, StoreError> {
        /// Takes it, unless somebody has.
        const CLAIM: &str = "
            update intents
            set object = $3
            where id = $1 and holder = $2 and state = 'running'";

        let (store, held, object) = (self.clone(), held.clone(), object.to_owned());
        to_the_end(async move {
            let claimed = on_db!(&store.db, |pool| sqlx::query(CLAIM)
                .bind(&held.id)
                .bind(&held.holder)
                .bind(&object)
                .execute(pool)
                .await
                .map(|done| done.rows_affected()));
            match claimed {
                Ok(rows) => Ok(rows == 1),
                Err(sqlx::Error::Database(error)) if error.is_unique_violation() => Ok(false),
                Err(error) => Err(error.into()),
            }
        })
        .await
    }

    /// Whether somebody else has sent the same to the same account and waits for the answer.
    pub async fn is_sent_elsewhere(&self, held: &Held) -> Result<bool, StoreError> {
        /// Somebody who does.
        const FIND: &str = "
            select id
            from intents
            where account_id = $1 and request_hash = $2 and id <> $3
                and state = 'running' and held_until > $4 and sent_at is not null and object is null
            limit 1";

        let (store, held) = (self.clone(), held.clone());
        to_the_end(async move {
            let found: Option<String> = on_db!(&store.db, |pool| sqlx::query_scalar(FIND)
                .bind(held.account)
                .bind(&held.request_hash)
                .bind(&held.id)
                .bind(store.now())
                .fetch_optional(pool)
                .await)?;
            Ok(found.is_some())
        })
        .await
    }

    /// Forgets what is too old, some at a time; says how much it was.
    pub async fn forget_old_intents(&self) -> Result<u64, StoreError> {
        /// Deletes the oldest.
        const DELETE: &str = "
            delete from intents
            where id in (
                select id
                from intents
                where expires_at <= $1 and held_until <= $1
                order by expires_at
                limit 1000
            )";

        let rows = on_db!(&self.db, |pool| sqlx::query(DELETE)
            .bind(self.now())
            .execute(pool)
            .await
            .map(|done| done.rows_affected()))?;
        Ok(rows)
    }

    /// Runs a statement on a row that is held.
    async fn step(&self, held: &Held, statement: &'static str) -> Result<(), StoreError> {
        let (store, held) = (self.clone(), held.clone());
        to_the_end(async move {
            on_db!(&store.db, |pool| sqlx::query(statement)
                .bind(&held.id)
                .bind(&held.holder)
                .execute(pool)
                .await
                .map(drop))?;
            Ok(())
        })
        .await
    }

    /// Hashes under a key of our own, so that a copy of the database confirms no guess.
    fn hash(&self, what: &str, text: &str) -> String {
        let key = hmac::Key::new(hmac::HMAC_SHA256, self.own_keys.intents.expose_secret());
        let mut context = hmac::Context::with_key(&key);
        for part in [what, "\0", text] {
            context.update(part.as_bytes());
        }
        URL_SAFE_NO_PAD.encode(context.sign())
    }

    /// Opens a kept answer.
    fn open_answer(&self, asked: &Asked, id: &str, sealed: &str) -> Result<Answer, StoreError> {
        let unreadable = || StoreError::Row {
            table: "intents",
            column: "answer",
        };
        let text = self.vault.open(place(asked, id), sealed);
        let text = text.ok_or_else(unreadable)?;
        serde_json::from_str(text.expose_secret()).map_err(|_| unreadable())
    }
}

/// The place of a sealed answer.
fn place<'a>(asked: &'a Asked, id: &'a str) -> Place<'a> {
    Place::Answer {
        application: &asked.application,
        account: account_number(asked.account),
        intent: id,
    }
}

/// An account as the column has it.
fn account_number(account: Option<AccountId>) -> i64 {
    // An account's number is below 2^53.
    account.map_or(0, |account| i64::try_from(account.get()).unwrap_or(0))
}
