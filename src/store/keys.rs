//! API keys: what an application shows to say who it is.
//!
//! A key reads `dg_<key id>_<secret>`. The prefix lets scanners of leaked secrets find it, the key
//! id finds its row, and the secret is stored only as a SHA-256 hash. A plain hash is enough: the
//! secret has 256 random bits, so there is nothing to guess that salt or a slow hash would protect.

use aws_lc_rs::{constant_time, digest, rand};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use secrecy::{ExposeSecret, SecretString, zeroize::Zeroizing};

use crate::store::{Store, applications::ApplicationId, error::StoreError, random};

/// A key that was just made. Its text is shown once; nobody can read it from the database.
#[derive(Debug)]
pub struct NewKey {
    /// The application that it calls for.
    pub application_id: ApplicationId,
    /// Its public half, which names it in the database.
    pub key_id: String,
    /// The whole key.
    pub api_key: SecretString,
}

/// What every key begins with.
const PREFIX: &str = "dg_";

/// Characters of the public half.
const KEY_ID_LENGTH: usize = 12;

/// Random bytes of the secret half.
const SECRET_BYTES: usize = 32;

/// Characters of the secret half: base64url without padding.
const SECRET_LENGTH: usize = 43;

impl Store {
    /// Makes a key for the application with this name, and the application when it is missing.
    pub async fn create_key(&self, application_name: &str) -> Result<NewKey, StoreError> {
        /// Adds a key.
        const INSERT: &str = "
            insert into api_keys (key_id, secret_hash, application_id, created_at)
            values ($1, $2, $3, $4)";

        let mut bytes = Zeroizing::new([0; SECRET_BYTES]);
        rand::fill(bytes.as_mut_slice()).map_err(|_| StoreError::Cipher)?;
        let secret = SecretString::from(URL_SAFE_NO_PAD.encode(bytes.as_slice()));
        let key_id = random::draw_name(KEY_ID_LENGTH);

        // Without a transaction: an application that is left without a key does no harm, and the
        // next attempt finds it.
        let application_id = self.ensure_application(application_name).await?;
        on_db!(&self.db, |pool| sqlx::query(INSERT)
            .bind(&key_id)
            .bind(hash(secret.expose_secret()))
            .bind(application_id.as_str())
            .bind(self.now())
            .execute(pool)
            .await
            .map(drop))?;

        let api_key = format!("{PREFIX}{key_id}_{}", secret.expose_secret());
        Ok(NewKey {
            application_id,
            key_id,
            api_key: SecretString::from(api_key),
        })
    }

    /// Finds the application that a presented key calls for; none for a wrong or revoked key.
    ///
    /// What does not look like a key costs no query.
    pub async fn find_key(&self, presented: &str) -> Result<Option<ApplicationId>, StoreError> {
        /// A key that still counts.
        const FIND: &str = "
            select secret_hash, application_id
            from api_keys
            where key_id = $1 and revoked_at is null";

        let Some((key_id, secret)) = split(presented) else {
            return Ok(None);
        };
        let row: Option<(String, String)> = on_db!(&self.db, |pool| sqlx::query_as(FIND)
            .bind(key_id)
            .fetch_optional(pool)
            .await)?;
        let Some((secret_hash, application_id)) = row else {
            return Ok(None);
        };

        let same =
            constant_time::verify_slices_are_equal(secret_hash.as_bytes(), hash(secret).as_bytes());
        if same.is_err() {
            return Ok(None);
        }
        ApplicationId::from_row(&application_id, "api_keys", "application_id").map(Some)
    }

    /// Revokes a key by its public half; says whether it was a key that counted until now.
    pub async fn revoke_key(&self, key_id: &str) -> Result<bool, StoreError> {
        /// Ends a key; the time of an earlier end stays.
        const REVOKE: &str = "
            update api_keys
            set revoked_at = $2
            where key_id = $1 and revoked_at is null";

        let rows = on_db!(&self.db, |pool| sqlx::query(REVOKE)
            .bind(key_id)
            .bind(self.now())
            .execute(pool)
            .await
            .map(|done| done.rows_affected()))?;
        Ok(rows > 0)
    }
}

/// Splits a key into its public and its secret half, if it has the shape of one.
fn split(presented: &str) -> Option<(&str, &str)> {
    let (key_id, secret) = presented.strip_prefix(PREFIX)?.split_once('_')?;
    (random::is_name(key_id, KEY_ID_LENGTH) && secret.len() == SECRET_LENGTH)
        .then_some((key_id, secret))
}

/// Hashes the secret half as it is written, so that only that very text is accepted.
fn hash(secret: &str) -> String {
    URL_SAFE_NO_PAD.encode(digest::digest(&digest::SHA256, secret.as_bytes()))
}
