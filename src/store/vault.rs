//! The vault: seals what must not be read from a copy of the database, and opens it again.
//!
//! A sealed text is `v1.<key id>.<base64url of nonce, ciphertext and tag>`. It opens only with the
//! same master key and only in the place it was sealed for: the row is authenticated along with it
//! (`Place`), so whoever can write to the database still cannot give one account another's
//! credentials, nor point stored credentials at another address.

use aws_lc_rs::aead::{AES_256_GCM_SIV, Aad, NONCE_LEN, Nonce, RandomizedNonceKey};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use secrecy::{ExposeSecret, SecretBox, SecretString, zeroize::Zeroizing};

use crate::{
    model::id::AccountId,
    store::{
        applications::ApplicationId,
        error::StoreError,
        master_key::{MasterKey, Purpose},
    },
};

/// The one format of sealed texts so far.
const VERSION: &str = "v1";

/// Holds the keys derived from the master key.
pub struct Vault {
    /// Names the master key, as written into sealed texts.
    key_id: String,
    /// Seals stored values.
    ///
    /// AES-256-GCM-SIV (RFC 8452), not plain GCM: nonces are 96 random bits, and were one ever
    /// drawn twice, plain GCM would lose its authentication key. Here a repeated nonce reveals only
    /// whether two equal texts were sealed for the same place. RFC 8452 (section 6) is content with
    /// 2^48 seals under one key; we do one per account and change of credentials, and one per kept answer.
    seal: RandomizedNonceKey,
    /// Seals page tokens.
    page_token: SecretBox<[u8; 32]>,
    /// Signs access tokens.
    access_token: SecretBox<[u8; 32]>,
    /// Hashes idempotency keys and requests.
    intent: SecretBox<[u8; 32]>,
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
}

impl Vault {
    /// Derives the keys from the master key.
    pub(super) fn new(master_key: &MasterKey) -> Result<Self, StoreError> {
        let credentials = master_key.derive(Purpose::Credentials);
        let seal = RandomizedNonceKey::new(&AES_256_GCM_SIV, credentials.expose_secret())
            .map_err(|_| StoreError::Cipher)?;
        Ok(Self {
            key_id: master_key.id(),
            seal,
            page_token: master_key.derive(Purpose::PageToken),
            access_token: master_key.derive(Purpose::AccessToken),
            intent: master_key.derive(Purpose::Intent),
        })
    }

    /// Returns the key that page tokens are sealed with.
    pub fn page_token_key(&self) -> &SecretBox<[u8; 32]> {
        &self.page_token
    }

    /// Returns the key that access tokens are signed with.
    pub fn access_token_key(&self) -> &SecretBox<[u8; 32]> {
        &self.access_token
    }

    /// Returns the key that idempotency keys and requests are hashed with.
    pub(super) fn intent_key(&self) -> &SecretBox<[u8; 32]> {
        &self.intent
    }

    /// Seals a text for a place. Two seals of one text differ.
    pub(super) fn seal(&self, place: Place<'_>, text: &SecretString) -> Result<String, StoreError> {
        let mut ciphertext = text.expose_secret().as_bytes().to_vec();
        let nonce = self
            .seal
            .seal_in_place_append_tag(Aad::from(self.associated(place)), &mut ciphertext)
            .map_err(|_| StoreError::Cipher)?;

        let mut sealed = nonce.as_ref().to_vec();
        sealed.append(&mut ciphertext);
        Ok(format!(
            "{VERSION}.{}.{}",
            self.key_id,
            URL_SAFE_NO_PAD.encode(sealed)
        ))
    }

    /// Opens what was sealed for this place under this master key; nothing else opens.
    pub(super) fn open(&self, place: Place<'_>, sealed: &str) -> Option<SecretString> {
        let (version, rest) = sealed.split_once('.')?;
        let (key_id, encoded) = rest.split_once('.')?;
        if version != VERSION || key_id != self.key_id {
            return None;
        }
        let mut bytes = Zeroizing::new(URL_SAFE_NO_PAD.decode(encoded).ok()?);
        let (nonce, ciphertext) = bytes.split_at_mut_checked(NONCE_LEN)?;
        let nonce = Nonce::try_assume_unique_for_key(nonce).ok()?;
        let opened = self
            .seal
            .open_in_place(nonce, Aad::from(self.associated(place)), ciphertext)
            .ok()?;
        let text = str::from_utf8(opened).ok()?;
        Some(SecretString::from(text))
    }

    /// Writes down what is authenticated along with a sealed text: the format, the key, the place.
    ///
    /// Every part goes in with its length, so that no two places give the same bytes.
    fn associated(&self, place: Place<'_>) -> Vec<u8> {
        let mut associated = Vec::new();
        let mut add = |part: &str| {
            associated.extend_from_slice(&(part.len() as u64).to_be_bytes());
            associated.extend_from_slice(part.as_bytes());
        };
        add(VERSION);
        add(&self.key_id);
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
        }
        associated
    }
}
