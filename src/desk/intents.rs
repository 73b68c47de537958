//! Writes of which there may be only one: begun under a key, written down before they are sent, and settled.
//!
//! The store has the rows (`store::intents`), `reconcile` finds out what became of a write whose
//! answer was lost.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use jiff::Timestamp;

use crate::clock::Clock;
use crate::error::{Error, Result};
use crate::provider::error::{Kind, ProviderError};
use crate::store::Store;
use crate::store::error::StoreError;
use crate::store::intents::{Answer, Asked, Begun, Doubt, Held};
use crate::transport::trip::{NotNoted, Record};

/// How much longer than its request a row is held: for the steps after the help desk's answer.
const HOLD_BEYOND: Duration = Duration::from_secs(5);
/// How soon an outcome that is not known may be asked for again, at most.
const ASK_AGAIN: Duration = Duration::from_secs(5);

/// Begins writes.
#[derive(Clone)]
pub struct Intents {
    /// Where they are written down.
    store: Store,
    /// What time it is.
    clock: Clock,
    /// How long after a write whose outcome is unknown its absence proves that it did not happen. Zero: such a write
    /// is sent again without a look.
    settle_after: Duration,
}

/// What a request under a key is to do.
pub enum Beginning {
    /// What it asks for.
    Go(Arc<Intent>),
    /// Give this answer, which it was given before.
    Replay(Answer),
}

/// A write that is being done under a key.
pub struct Intent {
    /// Where it is written down.
    intents: Intents,
    /// What was asked for.
    asked: Asked,
    /// The row.
    held: Held,
    /// How far it has come.
    progress: Mutex<Progress>,
}

/// How far a write has come.
#[derive(Debug, Clone, Default)]
struct Progress {
    /// An attempt that may have been carried out: an earlier request's, or this one's.
    doubt: Option<Doubt>,
    /// Whether an earlier request is in doubt.
    is_inherited: bool,
    /// Whether a call that must not be repeated was about to be sent by this request.
    is_sent: bool,
    /// Whether one was carried out.
    is_carried_out: bool,
    /// What was made.
    object: Option<String>,
}

/// What is to become of a row once its request is answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Verdict {
    /// The answer is final.
    Final,
    /// Nobody knows what became of it.
    Unknown,
    /// Certainly nothing happened: the key is free.
    Nothing,
}

impl Intents {
    /// Intents of this store.
    pub fn new(store: Store, clock: Clock, settle_after: Duration) -> Self {
        Self {
            store,
            clock,
            settle_after,
        }
    }

    /// Begins a write, or says what has become of it. It is held for as long as its request may take.
    pub async fn begin(&self, asked: Asked, patience: Duration) -> Result<Beginning> {
        let at_most = patience + HOLD_BEYOND;
        let begun = self
            .store
            .begin_intent(asked.clone(), at_most, self.settle_after);
        match begun.await? {
            Begun::Yours(held) => Ok(Beginning::Go(Arc::new(Intent {
                intents: self.clone(),
                asked,
                progress: Mutex::new(Progress {
                    doubt: held.doubt,
                    is_inherited: held.doubt.is_some(),
                    ..Progress::default()
                }),
                held,
            }))),
            Begun::Running(left) => Err(Error::InProgress {
                retry_after: left.min(ASK_AGAIN),
            }),
            Begun::Done(answer) => Ok(Beginning::Replay(answer)),
            Begun::Another => Err(Error::KeyReused),
        }
    }
}

impl Intent {
    /// The client's key, or the one that was made for it.
    pub fn client_key(&self) -> &str {
        &self.asked.key
    }

    /// How far it has come.
    fn progress(&self) -> Progress {
        let progress = self.progress.lock();
        progress.unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Notes how far it has come.
    fn note(&self, change: impl FnOnce(&mut Progress)) {
        change(&mut self.progress.lock().unwrap_or_else(PoisonError::into_inner));
    }

    /// The store that it is in.
    pub(super) fn store(&self) -> &Store {
        &self.intents.store
    }

    /// Its row.
    pub(super) fn held(&self) -> &Held {
        &self.held
    }

    /// An attempt that may have been carried out and has to be looked for; none if reconciliation is switched off.
    pub(super) fn doubt(&self) -> Option<Doubt> {
        let is_on = !self.intents.settle_after.is_zero();
        self.progress().doubt.filter(|_| is_on)
    }

    /// What time it is.
    pub(super) fn now(&self) -> Timestamp {
        self.intents.clock.now()
    }

    /// Notes what was made.
    pub(super) fn made(&self, object: String) {
        self.note(|progress| {
            progress.object = Some(object);
            progress.is_carried_out = true;
        });
    }

    /// Notes that what was in doubt certainly did not happen.
    pub(super) async fn did_not_happen(&self) -> Result<()> {
        self.store().intent_did_not_happen(&self.held).await?;
        self.note(|progress| {
            progress.doubt = None;
            progress.is_inherited = false;
            progress.is_sent = false;
        });
        Ok(())
    }

    /// The error that says that nobody knows, and how to go on. `because` tells more, where more is known.
    pub(super) fn unknown(&self, because: &str) -> Error {
        let left = self.progress().doubt.map(|doubt| {
            let left = doubt.settles_at.duration_since(self.now());
            Duration::try_from(left).unwrap_or_default()
        });
        let retry_after = left
            .unwrap_or_default()
            .min(ASK_AGAIN)
            .max(Duration::from_secs(1));
        let error = ProviderError::outcome_unknown();
        let key = self.client_key();
        Error::Provider(ProviderError {
            retry_after: Some(retry_after),
            message: format!(
                "{because}it may or may not have been carried out; send the same request with Idempotency-Key: {key} to \
                 have it settled"
            ),
            ..error
        })
    }

    /// What the answer means for the row. `is_called` tells whether the help desk was called at all.
    fn verdict(&self, failure: Option<&Error>, is_called: bool) -> Verdict {
        let Progress {
            doubt,
            is_inherited,
            is_sent,
            is_carried_out,
            ..
        } = self.progress();
        let Some(failure) = failure else {
            return Verdict::Final;
        };
        let kind = match failure {
            Error::Provider(error) => Some(error.kind),
            _ => None,
        };
        if kind == Some(Kind::OutcomeUnknown) {
            return if is_sent || doubt.is_some() {
                Verdict::Unknown
            } else {
                Verdict::Nothing
            };
        }
        if is_carried_out {
            return Verdict::Final;
        }
        match kind {
            _ if is_inherited && !is_sent => Verdict::Unknown,
            Some(Kind::Invalid | Kind::NotFound | Kind::Conflict) if is_called => Verdict::Final,
            // It did not happen now, but may have before.
            _ if is_inherited => Verdict::Unknown,
            Some(
                Kind::Unauthenticated
                | Kind::Forbidden
                | Kind::NotFound
                | Kind::Invalid
                | Kind::InvalidParameter
                | Kind::Conflict
                | Kind::RateLimited
                | Kind::Unavailable
                | Kind::Unsupported
                | Kind::Rehearsed
                | Kind::Withheld,
            ) => Verdict::Nothing,
            Some(Kind::Timeout | Kind::Malformed | Kind::TooLarge | Kind::OutcomeUnknown)
            | None => {
                if is_sent {
                    Verdict::Unknown
                } else {
                    Verdict::Nothing
                }
            }
        }
    }

    /// Whether the client has to be told that nobody knows, whatever went wrong.
    pub fn is_unknown(&self, failure: &Error, is_called: bool) -> bool {
        self.verdict(Some(failure), is_called) == Verdict::Unknown
    }

    /// The error for that.
    pub fn nobody_knows(&self) -> Error {
        self.unknown("the help desk gave no answer that can be trusted: ")
    }

    /// Writes down how it ended. What cannot be written down is in doubt once the row is not held any more, and settled
    /// by the next request with its key.
    pub async fn settle(&self, failure: Option<&Error>, is_called: bool, answer: Answer) {
        let store = self.store();
        let written = match self.verdict(failure, is_called) {
            Verdict::Final => {
                let object = self.progress().object;
                store
                    .finish_intent(&self.asked, &self.held, object, &answer)
                    .await
            }
            Verdict::Unknown => {
                // It may be on its way for as long from now on.
                let is_sent = self.progress().is_sent;
                let settle_after = is_sent.then_some(self.intents.settle_after);
                store.leave_intent_in_doubt(&self.held, settle_after).await
            }
            Verdict::Nothing => store.release_intent(&self.held).await,
        };
        if let Err(error) = written {
            log(&error, "how a write ended cannot be written down");
        }
    }
}

#[async_trait]
impl Record for Intent {
    async fn about_to_send(&self) -> std::result::Result<(), NotNoted> {
        let settle_after = self.intents.settle_after;
        let noted = self.store().intent_is_sent(&self.held, settle_after).await;
        noted.map_err(|error| {
            log(&error, "what is to be sent cannot be written down");
            NotNoted
        })?;
        let now = self.now();
        self.note(|progress| {
            let sent_at = progress.doubt.map_or(now, |doubt| doubt.sent_at);
            progress.is_sent = true;
            progress.doubt = Some(Doubt {
                sent_at,
                settles_at: now + settle_after,
            });
        });
        Ok(())
    }

    fn carried_out(&self) {
        self.note(|progress| progress.is_carried_out = true);
    }

    fn key(&self) -> &str {
        &self.held.id
    }
}

/// Logs what the store could not do.
fn log(error: &StoreError, message: &'static str) {
    tracing::error!(error = error as &dyn std::error::Error, "{message}");
}
