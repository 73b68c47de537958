//! Keys that the store makes for itself: random, sealed like everything that is secret, the same for all processes.
//!
//! They do not depend on the master key, so that another one changes neither what a page token nor what an
//! idempotency key means.

use aws_lc_rs::rand;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use secrecy::zeroize::Zeroizing;
use secrecy::{ExposeSecret as _, SecretBox, SecretString};

use crate::clock::Clock;
use crate::store::error::StoreError;
use crate::store::vault::{Place, Vault};
use crate::store::{Db, Store};

/// Bytes of a key.
const KEY_BYTES: usize = 32;

/// A key of its own for each purpose, so that a leak in one place opens nothing in another.
pub(super) struct OwnKeys {
    /// Signs page tokens.
    pub(super) page_tokens: SecretBox<[u8; KEY_BYTES]>,
    /// Hashes idempotency keys and requests.
    pub(super) intents: SecretBox<[u8; KEY_BYTES]>,
}

/// The setting that is the key of page tokens.
pub(super) const PAGE_TOKEN_KEY: &str = "page-token-key";
/// The setting that is the key of intents.
const INTENT_KEY: &str = "intent-key";

impl OwnKeys {
    /// Opens them, and makes those that are missing. The first to do so decides the database's master key.
    pub(super) async fn open(db: &Db, vault: &Vault, clock: &Clock) -> Result<Self, StoreError> {
        Ok(Self {
            page_tokens: open_one(db, vault, clock, PAGE_TOKEN_KEY).await?,
            intents: open_one(db, vault, clock, INTENT_KEY).await?,
        })
    }
}

impl Store {
    /// The key that page tokens are signed with.
    pub fn page_token_key(&self) -> &SecretBox<[u8; KEY_BYTES]> {
        &self.own_keys.page_tokens
    }
}

/// Opens the key of this name, or makes it.
async fn open_one(
    db: &Db,
    vault: &Vault,
    clock: &Clock,
    name: &str,
) -> Result<SecretBox<[u8; KEY_BYTES]>, StoreError> {
    let place = Place::Setting(name);
    let mut sealed = db.read_setting(name).await?;
    if sealed.is_none() {
        let fresh = vault.seal(place, &draw()?)?;
        let now = clock.now().as_millisecond();
        db.insert_setting(name, &fresh, now).await?;
        // Somebody else may have been first: what counts is what stands there now.
        sealed = db.read_setting(name).await?;
    }
    let opened = sealed.and_then(|sealed| vault.open(place, &sealed));
    read(&opened.ok_or(StoreError::WrongMasterKey)?).ok_or(StoreError::Row {
        table: "settings",
        column: "value",
    })
}

/// A new key, as text.
pub(super) fn draw() -> Result<SecretString, StoreError> {
    let mut bytes = Zeroizing::new([0; KEY_BYTES]);
    rand::fill(bytes.as_mut_slice()).map_err(|_| StoreError::Cipher)?;
    Ok(URL_SAFE_NO_PAD.encode(bytes.as_slice()).into())
}

/// Reads what [`draw`] wrote.
pub(super) fn read(text: &SecretString) -> Option<SecretBox<[u8; KEY_BYTES]>> {
    let bytes = Zeroizing::new(URL_SAFE_NO_PAD.decode(text.expose_secret()).ok()?);
    let mut key = Box::new([0; KEY_BYTES]);
    if bytes.len() != key.len() {
        return None;
    }
    key.copy_from_slice(&bytes);
    Some(SecretBox::new(key))
}
