//! The vault: seals what must not be read from a copy of the database, and opens it again.
//!
//! A sealed text is `v1.<key id>.<base64url of nonce, ciphertext and tag>`. It opens only with the
//! master key of that id and only in the place it was sealed for: the row is authenticated along with it
//! (`Place`), so whoever can write to the database still cannot give one account another's
//! credentials, nor point stored credentials at another address.

use aws_lc_rs::aead::{AES_256_GCM_SIV, Aad, NONCE_LEN, Nonce, RandomizedNonceKey};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use secrecy::{ExposeSecret, SecretString, zeroize::Zeroizing};

use crate::{
    model::id::AccountId,
    store::{
        applications::ApplicationId,
        error::StoreError,
        master_key::{MasterKey, MasterKeys},
    },
};

/// The one format of sealed texts so far.
const VERSION: &str = "v1";

/// Holds the keys that are derived from the master keys.
pub(super) struct Vault {
    /// The current one first, which seals.
    keys: Vec<Key>,
}

/// The key that is derived from one master key.
struct Key {
    /// Names the master key, as written into sealed texts.
    id: String,
    /// Seals and opens.
    ///
    /// AES-256-GCM-SIV (RFC 8452), not plain GCM: nonces are 96 random bits, and were one ever
    /// drawn twice, plain GCM would lose its authentication key. Here a repeated nonce reveals only
    /// whether two equal texts were sealed for the same place. RFC 8452 (section 6) is content with
    /// 2^48 seals under one key; we do one per account and change of credentials, and one per kept answer.
    cipher: RandomizedNonceKey,
}

impl Key {
    /// Derives it.
    fn new(master_key: &MasterKey) -> Result<Self, StoreError> {
        let key = master_key.sealing_key();
        let cipher = RandomizedNonceKey::new(&AES_256_GCM_SIV, key.expose_secret())
            .map_err(|_| StoreError::Cipher)?;
        let id = master_key.id();
        Ok(Self { id, cipher })
    }
}

/// The place in the database that a sealed text belongs to.
#[derive(Debug, Clone, Copy)]
pub(super) enum Place<'a> {
    /// The credentials of one account.
    Credentials {
        /// The application that owns the account.
        application: &'a ApplicationId,
        /// The account.
        account: AccountId,
        /// The vendor that the credentials are for.
        service: &'a str,
        /// The address that they may be sent to.
        origin: &'a str,
    },
    /// The final answer of one intent.
    Answer {
        /// The application that asked.
        application: &'a ApplicationId,
        /// The account that it asked of; 0 for none.
        account: i64,
        /// The intent.
        intent: &'a str,
    },
    /// One row of the settings.
    Setting(&'a str),
    /// The secret of one signing key.
    SigningKey(&'a str),
}

impl Vault {
    /// Derives the keys from the master keys.
    pub(super) fn new(master_keys: &MasterKeys) -> Result<Self, StoreError> {
        let keys = master_keys.iter().map(Key::new).collect::<Result<_, _>>()?;
        Ok(Self { keys })
    }

    /// What every text begins with that the current key has sealed.
    pub(super) fn current_prefix(&self) -> Result<String, StoreError> {
        let key = self.keys.first().ok_or(StoreError::Cipher)?;
        Ok(format!("{VERSION}.{}.", key.id))
    }

    /// Seals a text for a place. Two seals of one text differ.
    pub(super) fn seal(&self, place: Place<'_>, text: &SecretString) -> Result<String, StoreError> {
        let key = self.keys.first().ok_or(StoreError::Cipher)?;
        let mut ciphertext = text.expose_secret().as_bytes().to_vec();
        let nonce = key
            .cipher
            .seal_in_place_append_tag(Aad::from(associated(&key.id, place)), &mut ciphertext)
            .map_err(|_| StoreError::Cipher)?;

        let mut sealed = nonce.as_ref().to_vec();
        sealed.append(&mut ciphertext);
        Ok(format!(
            "{VERSION}.{}.{}",
            key.id,
            URL_SAFE_NO_PAD.encode(sealed)
        ))
    }

    /// Opens what was sealed for this place under one of the master keys; nothing else opens.
    pub(super) fn open(&self, place: Place<'_>, sealed: &str) -> Option<SecretString> {
        let (version, rest) = sealed.split_once('.')?;
        let (key_id, encoded) = rest.split_once('.')?;
        if version != VERSION {
            return None;
        }
        let key = self.keys.iter().find(|key| key.id == key_id)?;
        let mut bytes = Zeroizing::new(URL_SAFE_NO_PAD.decode(encoded).ok()?);
        let (nonce, ciphertext) = bytes.split_at_mut_checked(NONCE_LEN)?;
        let nonce = Nonce::try_assume_unique_for_key(nonce).ok()?;
        let opened = key
            .cipher
            .open_in_place(nonce, Aad::from(associated(key_id, place)), ciphertext)
            .ok()?;
        let text = str::from_utf8(opened).ok()?;
        Some(SecretString::from(text))
    }
}

/// Writes down what is authenticated along with a sealed text: the format, the key, the place.
///
/// Every part goes in with its length, so that no two places give the same bytes.
fn associated(key_id: &str, place: Place<'_>) -> Vec<u8> {
    let mut associated = Vec::new();
    let mut add = |part: &str| {
        associated.extend_from_slice(&(part.len() as u64).to_be_bytes());
        associated.extend_from_slice(part.as_bytes());
    };
    add(VERSION);
    add(key_id);
    match place {
        Place::Credentials {
            application,
            account,
            service,
            origin,
        } => {
            add("credentials");
            add(application.as_str());
            add(&account.get().to_string());
            add(service);
            add(origin);
        }
        Place::Answer {
            application,
            account,
            intent,
        } => {
            add("answer");
            add(application.as_str());
            add(&account.to_string());
            add(intent);
        }
        Place::Setting(name) => {
            add("setting");
            add(name);
        }
        Place::SigningKey(id) => {
            add("signing-key");
            add(id);
        }
    }
    associated
}
